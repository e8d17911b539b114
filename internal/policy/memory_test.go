package policy_test

import (
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	if m := policy.MemoryOf(t.Context()); m != nil {
		t.Errorf("a context without a memory has %v", m)
	}
	var none *policy.Memory
	none.SetCanary(true) // whoever asks without one need not know
	if none.Canary() {
		t.Error("nothing was kept")
	}
	m := &policy.Memory{}
	if policy.MemoryOf(policy.WithMemory(t.Context(), m)) != m {
		t.Error("the memory is another one")
	}
	if got := m.Keep("a", func() any { return 1 }); got != 1 {
		t.Errorf("kept %v", got)
	}
	if got := m.Keep("a", func() any { t.Error("asked again"); return 2 }); got != 1 {
		t.Errorf("kept %v then", got)
	}
	if got := m.Keep("b", func() any { return 2 }); got != 2 {
		t.Errorf("another key has %v", got)
	}
}
