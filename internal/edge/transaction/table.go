package transaction

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

const shards = 64 // a power of two

// Table holds what is in progress, by the key of its server transaction and by
// the id that its client transactions carry in their branches. It is safe for
// concurrent use, and holds no lock while its caller works on what it found.
type Table[T any] struct {
	seed  maphash.Seed
	limit int64
	count atomic.Int64
	byKey [shards]shard[string, T]
	byID  [shards]shard[uint64, T]
}

type shard[K comparable, T any] struct {
	mu sync.Mutex
	m  map[K]T
}

// NewTable returns a table that holds at most limit entries.
func NewTable[T any](limit int) *Table[T] {
	t := &Table[T]{seed: maphash.MakeSeed(), limit: int64(limit)}
	for i := range shards {
		t.byKey[i].m = make(map[string]T)
		t.byID[i].m = make(map[uint64]T)
	}
	return t
}

// Add enters v under both names. If the key is taken, it returns what is there
// and false; if the table is full, the zero value and false. Who finds v by one
// name finds it by the other.
func (t *Table[T]) Add(key string, id uint64, v T) (T, bool) {
	s := t.keyShard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, taken := s.m[key]; taken {
		return old, false
	}
	if t.count.Add(1) > t.limit {
		t.count.Add(-1)
		var none T
		return none, false
	}
	s.m[key] = v
	ids := t.idShard(id)
	ids.mu.Lock()
	ids.m[id] = v
	ids.mu.Unlock()
	return v, true
}

// ByKey returns the entry with the key of a server transaction.
func (t *Table[T]) ByKey(key string) (T, bool) {
	s := t.keyShard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.m[key]
	return v, ok
}

// ByID returns the entry with an id.
func (t *Table[T]) ByID(id uint64) (T, bool) {
	s := t.idShard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.m[id]
	return v, ok
}

// Remove forgets an entry. Removing it twice does nothing.
func (t *Table[T]) Remove(key string, id uint64) {
	ids := t.idShard(id)
	ids.mu.Lock()
	_, there := ids.m[id]
	delete(ids.m, id)
	ids.mu.Unlock()
	if !there {
		return
	}
	s := t.keyShard(key)
	s.mu.Lock()
	delete(s.m, key)
	s.mu.Unlock()
	t.count.Add(-1)
}

// Len returns how many entries there are.
func (t *Table[T]) Len() int { return int(t.count.Load()) }

// Each calls f for every entry that is there when its turn comes.
func (t *Table[T]) Each(f func(T)) {
	for i := range shards {
		s := &t.byID[i]
		s.mu.Lock()
		batch := make([]T, 0, len(s.m))
		for _, v := range s.m {
			batch = append(batch, v)
		}
		s.mu.Unlock()
		for _, v := range batch {
			f(v)
		}
	}
}

func (t *Table[T]) keyShard(key string) *shard[string, T] {
	return &t.byKey[maphash.String(t.seed, key)%shards]
}

func (t *Table[T]) idShard(id uint64) *shard[uint64, T] { return &t.byID[id%shards] }
