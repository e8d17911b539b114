package reload

import (
	"fmt"
	"strings"
	"time"
)

// refusal is a policy that was not good.
type refusal struct {
	at   time.Time
	text string // one problem per line, at least one
}

// refuse keeps the policy that is in use, and says why.
func (r *Reloader) refuse(err error, asked bool) {
	bad := &refusal{time.Now(), err.Error()}
	if last := r.failed.Load(); last != nil && last.text == bad.text && !asked {
		return // said already
	}
	r.failed.Store(bad)
	r.metrics.bad.Inc()
	problems := strings.Split(bad.text, "\n")
	r.o.Logger.Error("policy not reloaded: the one before stays in use", "file", r.o.File, "problems", len(problems),
		"revision", r.live.Info().GetConfigRevision())
	for _, problem := range problems {
		r.o.Logger.Error("problem of the policy", "problem", problem)
	}
}

// Note says for /readyz what is wrong with the policy that was to be the next,
// in one line; "" if nothing is.
func (r *Reloader) Note() string {
	bad := r.failed.Load()
	if bad == nil {
		return ""
	}
	first, rest, _ := strings.Cut(bad.text, "\n")
	more := ""
	if rest != "" {
		more = fmt.Sprintf(" (and %d more: see the log)", 1+strings.Count(rest, "\n"))
	}
	return fmt.Sprintf("%s was not reloaded at %s: %s%s", r.o.File, bad.at.UTC().Format(time.RFC3339), first, more)
}
