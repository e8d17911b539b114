package policy

import (
	"context"
	"sync"
	"sync/atomic"
)

// Memory is what is kept of one call, in the edge that asks, by a policy that hands
// questions on to others: which of them it was, for instance. The policies that
// decide keep nothing: whatever they want back is in policy_state. The zero value
// is empty. It is safe for concurrent use.
type Memory struct {
	values sync.Map
	canary atomic.Bool
}

// SetCanary says whether the last decision was made by the canary.
func (m *Memory) SetCanary(is bool) {
	if m != nil {
		m.canary.Store(is)
	}
}

// Canary reports whether the last decision was made by the canary.
func (m *Memory) Canary() bool { return m != nil && m.canary.Load() }

// Keep returns what is kept under a key; if that is nothing, it keeps what first
// makes.
func (m *Memory) Keep(key any, first func() any) any {
	if v, ok := m.values.Load(key); ok {
		return v
	}
	v, _ := m.values.LoadOrStore(key, first())
	return v
}

type memoryKey struct{}

// WithMemory returns a context of questions about the call that m belongs to.
func WithMemory(ctx context.Context, m *Memory) context.Context {
	return context.WithValue(ctx, memoryKey{}, m)
}

// MemoryOf returns the memory of the call that a question is about; nil if whoever
// asks has none.
func MemoryOf(ctx context.Context) *Memory {
	m, _ := ctx.Value(memoryKey{}).(*Memory)
	return m
}
