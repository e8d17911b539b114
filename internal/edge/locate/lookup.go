package locate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redirectd/redirectd/internal/sipuri"
)

// lookup is a pass after the other, each of which knows more.
type lookup struct {
	r     *Resolver
	got   map[question]*answer // nil for what is being waited for
	tell  chan told            // with room for every question that is asked
	asked int
}

// Lookup returns the hops of a URI in the order in which to try them, at least
// one and at most 8; those that could not be reached a short while ago come last.
// It waits for DNS, no longer than the timeout, and returns what it has by then.
// The error names the question, and wraps [ErrNoSuchName] or
// [context.DeadlineExceeded] if it is that. When ctx is done only the waiting
// ends: others may wait for the same answer.
func (r *Resolver) Lookup(ctx context.Context, uri *sipuri.URI) ([]Hop, error) {
	if hop, ok := Numeric(uri); ok {
		return []Hop{hop}, nil
	}
	l := &lookup{r: r, got: map[question]*answer{}, tell: make(chan told, maxQuestions)}
	deadline := time.NewTimer(r.cfg.Timeout)
	defer deadline.Stop()
	var patience <-chan time.Time // ends when what is known is enough
	for seed := rand.Uint64(); ; {
		var p pass
		if err := p.run(r, uri, seed, l.got); err != nil || len(p.missing) == 0 {
			return p.hops(), err
		}
		if l.ask(p.missing) {
			continue
		}
		if patience == nil && p.found() {
			patience = time.After(r.cfg.Timeout / 4)
		}
		select {
		case t := <-l.tell:
			l.got[t.question] = t.answer
			continue
		case <-patience:
			return p.hops(), nil
		case <-deadline.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("look up %s: %w", p.missing[0], context.Cause(ctx))
		}
		if p.found() {
			return p.hops(), nil
		}
		return nil, silentError(p.missing[0], p.settings.servers)
	}
}

// ask asks what has not been asked yet. Whatever a zone says, there is an end to
// it: more questions than that are not asked but answered with an error. It
// reports whether that was so.
func (l *lookup) ask(missing []question) (refused bool) {
	for _, q := range missing {
		if _, ok := l.got[q]; ok {
			continue
		}
		l.got[q] = nil
		if l.asked++; l.asked > maxQuestions {
			l.got[q] = &answer{err: fmt.Errorf("look up %s: the lookup has asked %d questions already", q, maxQuestions)}
			refused = true
			continue
		}
		l.r.ask(q, l.tell)
	}
	return refused
}
