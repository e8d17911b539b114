package edge

import (
	"testing"
	"time"
)

func TestMemoryEnds(t *testing.T) {
	t.Parallel()
	m := newMemory[int, string](32 * time.Second)
	start := time.Unix(1000, 0)
	m.put(1, "one", 10, start)
	m.put(2, "two", 20, start.Add(time.Second))
	if v, ok := m.get(1, start.Add(31*time.Second)); !ok || v != "one" {
		t.Errorf("after 31 s: %q, %v", v, ok)
	}
	if v, ok := m.get(1, start.Add(32*time.Second)); ok {
		t.Errorf("after 32 s: %q", v)
	}
	if v, ok := m.get(2, start.Add(32*time.Second)); !ok || v != "two" {
		t.Errorf("the other one, 31 s old: %q, %v", v, ok)
	}
	m.put(2, "again", 5, start.Add(32*time.Second)) // lives on from now
	if v, ok := m.get(2, start.Add(63*time.Second)); !ok || v != "again" {
		t.Errorf("put again 31 s ago: %q, %v", v, ok)
	}
	if m.bytes != 5 || len(m.entries) != 1 || m.order.Len() != 1 {
		t.Errorf("%d bytes, %d entries, %d in order; want 5, 1, 1", m.bytes, len(m.entries), m.order.Len())
	}
	if _, ok := m.get(2, start.Add(64*time.Second)); ok || m.bytes != 0 || len(m.entries) != 0 {
		t.Errorf("%d bytes in %d entries are left", m.bytes, len(m.entries))
	}
}

// TestMemoryIsBounded loses the oldest first, and what is too big at once.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	m := newMemory[int, int](time.Minute)
	for i := range maxRemembered + 10 {
		m.put(i, i, 1, now)
	}
	_, old := m.get(9, now)
	_, kept := m.get(10, now)
	if len(m.entries) != maxRemembered || old || !kept {
		t.Errorf("%d entries, the tenth %v, the eleventh %v", len(m.entries), old, kept)
	}
	m.put(-1, 0, maxRememberedBytes-100, now)
	_, old = m.get(maxRemembered+10-101, now)
	_, kept = m.get(maxRemembered+10-100, now)
	if m.bytes != maxRememberedBytes || old || !kept {
		t.Errorf("%d bytes, the 101st but last %v, the 100th %v", m.bytes, old, kept)
	}
	m.put(-2, 0, maxRememberedBytes+1, now)
	if m.bytes != 0 || len(m.entries) != 0 {
		t.Errorf("%d bytes in %d entries after one that there is no room for", m.bytes, len(m.entries))
	}
}
