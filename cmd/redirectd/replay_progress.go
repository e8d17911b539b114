package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// progressEvery is how often a replay says how far it is.
const progressEvery = 200 * time.Millisecond

// progress tells a person at a terminal how far a replay is.
type progress struct {
	to           io.Writer // nil: nobody looks
	done         int
	began, shown time.Time
}

func newProgress(to io.Writer) *progress {
	p := &progress{began: time.Now()}
	if file, ok := to.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.to = to
		}
	}
	return p
}

func (p *progress) step() {
	p.done++
	if p.to == nil || p.done%100 != 0 || time.Since(p.shown) < progressEvery {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.to, "\r%d questions in %s ", p.done, time.Since(p.began).Round(100*time.Millisecond))
}

// clear removes what stands on the line.
func (p *progress) clear() {
	if p.to != nil && !p.shown.IsZero() {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}
