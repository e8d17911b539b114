//go:build !unix

package goruntime

import "time"

func cpuTime() time.Duration { return 0 }
