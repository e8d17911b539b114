package locate

import (
	"context"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

// told is the answer to a question that a lookup asked.
type told struct {
	question
	*answer
}

// cached returns the answer to a question if it is still valid.
func (r *Resolver) cached(q question, now time.Time) (*answer, bool) {
	a, ok := r.cache.GetIfPresent(q)
	if !ok || !now.Before(a.expires) {
		return nil, false
	}
	return a, true
}

// ask asks a question and tells the answer. Whoever asks what is being asked
// already is told the same. The channel must have room.
func (r *Resolver) ask(q question, tell chan<- told) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if a, ok := r.cached(q, r.now()); ok {
		tell <- told{q, a} // came in the meantime
		return
	}
	waiters, running := r.asking[q]
	if !running && len(r.asking) >= maxAsking {
		tell <- told{q, &answer{err: fmt.Errorf("look up %s: %w", q, errTooMany)}}
		return
	}
	r.asking[q] = append(waiters, tell)
	if !running {
		go r.find(q)
	}
}

// find has a question answered, one way or another, and tells all who asked.
func (r *Resolver) find(q question) {
	a := r.resolve(q)
	r.cache.Set(q, a)
	r.mu.Lock()
	waiters := r.asking[q]
	delete(r.asking, q)
	r.mu.Unlock()
	for _, tell := range waiters {
		tell <- told{q, a}
	}
}

// resolve asks DNS, and follows CNAME records that a server left to us.
func (r *Resolver) resolve(q question) (a *answer) {
	defer func() {
		if v := recover(); v != nil { // a message that its reader has no answer to
			a = r.failure(fmt.Errorf("look up %s: panic: %v", q, v))
		}
	}()
	timeout := r.cfg.Timeout
	if q.qtype == dns.TypeNAPTR {
		timeout /= 2 // without it there is a way to go on, and time is needed for that
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	first := q
	ttl := maxTTL
	for range maxChain + 1 {
		m, server, err := r.exchange(ctx, q)
		if err != nil {
			return r.failure(err)
		}
		now := r.now()
		a, alias := read(q, m, server, now)
		if alias == "" {
			a.expires = minTime(a.expires, now.Add(max(ttl, minTTL)))
			return a
		}
		_, shortest, _ := follow(q, m.Answer)
		ttl = min(ttl, shortest)
		q = question{name: alias, qtype: q.qtype}
	}
	return r.failure(fmt.Errorf("look up %s: %w", first, errLoop))
}

// failure is kept for a short time, so that each call does not wait anew.
func (r *Resolver) failure(err error) *answer {
	return &answer{err: err, expires: r.now().Add(failureTTL)}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
