package canary

import (
	"bytes"
	"context"
	"sync"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// side is one of the two policies.
type side int

const (
	nobody side = iota
	first
	second
)

// thread is what is known of a call: who decides it, and whose its policy_state
// is.
type thread struct {
	mu    sync.Mutex
	to    side // nobody: nothing was asked yet
	epoch int  // when it went to the second policy
	owner side // of state
	state []byte
}

type threadKey struct{}

// threadOf returns the thread of the call that a question is about.
func threadOf(ctx context.Context) *thread {
	m := policy.MemoryOf(ctx)
	if m == nil {
		return &thread{}
	}
	return m.Keep(threadKey{}, func() any { return &thread{} }).(*thread)
}

// standing is where the questions of a call go.
type standing struct {
	to    side
	epoch int
}

func (t *thread) stands() standing {
	t.mu.Lock()
	defer t.mu.Unlock()
	return standing{t.to, t.epoch}
}

func (t *thread) goesTo(s side, epoch int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.to, t.epoch = s, epoch
}

// answered notes what a policy wants back.
func (t *thread) answered(s side, answer *redirectv1.DecideResponse) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.owner, t.state = s, answer.GetPolicyState()
}

// owns reports whether a policy gave that state. Of a call that nothing is known of
// only the second may have: the share is its.
func (t *thread) owns(s side, state []byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owner == nobody {
		return s == second
	}
	return t.owner == s && bytes.Equal(t.state, state)
}
