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
	to           io.Writer
	terminal     bool
	done         int
	began, shown time.Time
}

func newProgress(to io.Writer) *progress {
	p := &progress{to: to, began: time.Now()}
	if file, ok := to.(*os.File); ok {
		if info, err := file.Stat(); err == nil {
			p.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return p
}

func (p *progress) step() {
	p.done++
	if !p.terminal || p.done%100 != 0 || time.Since(p.shown) < progressEvery {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.to, "\r%d questions in %s ", p.done, time.Since(p.began).Round(100*time.Millisecond))
}

// clear removes what stands on the line.
func (p *progress) clear() {
	if !p.shown.IsZero() {
		fmt.Fprint(p.to, "\r\x1b[K")
	}
}

// say writes a line of its own.
func (p *progress) say(format string, args ...any) {
	p.clear()
	fmt.Fprintf(p.to, format, args...)
}
