// Package sipp is the load of the benchmark: SIPp as caller, with the scenarios
// beside this file.
package sipp

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

//go:embed *.xml
var scenarios embed.FS

// Write puts the scenarios into a directory.
func Write(dir string) error { return os.CopyFS(dir, scenarios) }

// Load is a number of calls at a rate.
type Load struct {
	Scenario string // direct, route or ring
	Server   string // HOST:PORT that gets the INVITEs
	Number   string // the number called
	Rate     int    // calls/s
	Calls    int
	TCP      bool
	Limit    time.Duration // for all of it
}

// statistics is the file that SIPp writes in its directory.
const statistics = "caller.csv"

// Args are the arguments of a SIPp that runs in a directory with the scenarios.
func (l Load) Args(dir string) []string {
	args := []string{
		"-sf", filepath.Join(dir, l.Scenario+".xml"), "-s", l.Number, "-i", "127.0.0.1", "-p", "5100", "-nostdin",
		"-r", strconv.Itoa(l.Rate), "-m", strconv.Itoa(l.Calls), "-l", strconv.Itoa(max(l.Calls, 1000)),
		"-timeout", fmt.Sprintf("%ds", int(l.Limit.Seconds())), "-timeout_error",
		// Every second: SIPp writes its last line at the end, whatever happens.
		"-trace_stat", "-fd", "1", "-stf", filepath.Join(dir, statistics),
		// What is not expected is a failure that is counted, and no reason to hang up.
		"-default_behaviors", "all,-abortunexp,-bye", "-buff_size", "4000000",
	}
	if l.TCP {
		args = append(args, "-t", "t1")
	}
	return append(args, l.Server)
}
