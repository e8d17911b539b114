package edge

import (
	"container/list"
	"sync"
	"time"
)

// Bounds of a memory. What is beyond them ends early, the oldest first: then a
// call is only challenged once more.
const (
	maxRemembered      = 10_000
	maxRememberedBytes = 16 << 20
)

// memory remembers what calls left behind for those that follow, each entry for
// the same time. It is safe for concurrent use. A general cache would do, but
// its way of choosing what to keep is wrong here: what comes once, and is needed
// once, must be the last to go.
type memory[K comparable, V any] struct {
	lifetime time.Duration

	mu      sync.Mutex
	entries map[K]*list.Element
	order   list.List // of *remembered[K, V], the oldest first
	bytes   int
}

type remembered[K comparable, V any] struct {
	key   K
	value V
	bytes int
	ends  time.Time
}

func newMemory[K comparable, V any](lifetime time.Duration) *memory[K, V] {
	return &memory[K, V]{lifetime: lifetime, entries: make(map[K]*list.Element)}
}

// put remembers a value of about that many bytes in place of an earlier one.
func (m *memory[K, V]) put(key K, value V, bytes int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.entries[key]; ok {
		m.remove(e)
	}
	m.entries[key] = m.order.PushBack(&remembered[K, V]{key, value, bytes, now.Add(m.lifetime)})
	m.bytes += bytes
	m.trim(now)
}

// get returns what is remembered.
func (m *memory[K, V]) get(key K, now time.Time) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trim(now)
	e, ok := m.entries[key]
	if !ok {
		return value, false
	}
	return entry[K, V](e).value, true
}

// trim removes what has ended, and what there is no room for.
func (m *memory[K, V]) trim(now time.Time) {
	for e := m.order.Front(); e != nil; e = m.order.Front() {
		if m.order.Len() <= maxRemembered && m.bytes <= maxRememberedBytes && now.Before(entry[K, V](e).ends) {
			return
		}
		m.remove(e)
	}
}

func (m *memory[K, V]) remove(e *list.Element) {
	r := entry[K, V](e)
	m.order.Remove(e)
	delete(m.entries, r.key)
	m.bytes -= r.bytes
}

func entry[K comparable, V any](e *list.Element) *remembered[K, V] {
	r, _ := e.Value.(*remembered[K, V]) // nothing else is put there
	return r
}
