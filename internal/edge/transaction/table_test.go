package transaction

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

func TestTable(t *testing.T) {
	table := NewTable[string](10)
	if v, ok := table.ByKey("k1"); ok || v != "" {
		t.Errorf("an empty table has %q", v)
	}
	if v, ok := table.Add("k1", 1, "a"); !ok || v != "a" {
		t.Fatalf("Add: %q, %v", v, ok)
	}
	if v, ok := table.Add("k1", 2, "b"); ok || v != "a" {
		t.Errorf("Add of a taken key: %q, %v, want what is there", v, ok)
	}
	if _, ok := table.ByID(2); ok {
		t.Error("what was not added is found by its id")
	}
	for _, get := range []func() (string, bool){
		func() (string, bool) { return table.ByKey("k1") },
		func() (string, bool) { return table.ByID(1) },
	} {
		if v, ok := get(); !ok || v != "a" {
			t.Errorf("got %q, %v", v, ok)
		}
	}
	table.Remove("k1", 2) // an id that is not there
	if v, ok := table.ByKey("k1"); !ok || v != "a" || table.Len() != 1 {
		t.Errorf("Remove of another id: %q, %v, Len %d", v, ok, table.Len())
	}
	table.Remove("k1", 1)
	table.Remove("k1", 1)
	_, byKey := table.ByKey("k1")
	_, byID := table.ByID(1)
	if byKey || byID || table.Len() != 0 {
		t.Errorf("after Remove: by key %v, by id %v, Len %d", byKey, byID, table.Len())
	}
	if _, ok := table.Add("k1", 3, "c"); !ok {
		t.Error("a key that was removed is taken")
	}
}

func TestTableLimit(t *testing.T) {
	table := NewTable[string](2)
	table.Add("k1", 1, "a")
	table.Add("k2", 2, "b")
	if v, ok := table.Add("k3", 3, "c"); ok || v != "" {
		t.Errorf("Add to a full table: %q, %v", v, ok)
	}
	// A copy of a request that is being served is not an overload.
	if v, ok := table.Add("k2", 4, "d"); ok || v != "b" {
		t.Errorf("Add of a taken key to a full table: %q, %v, want what is there", v, ok)
	}
	table.Remove("k1", 1)
	if v, ok := table.Add("k3", 3, "c"); !ok || v != "c" || table.Len() != 2 {
		t.Errorf("Add after Remove: %q, %v, Len %d", v, ok, table.Len())
	}
}

func TestTableEach(t *testing.T) {
	table := NewTable[int](1000)
	for i := range 500 {
		table.Add(fmt.Sprint(i), uint64(i), i)
	}
	var seen []int
	table.Each(func(i int) {
		seen = append(seen, i)
		table.Remove(fmt.Sprint(i), uint64(i)) // no lock is held
	})
	slices.Sort(seen)
	if len(seen) != 500 || seen[0] != 0 || seen[499] != 499 || len(slices.Compact(seen)) != 500 || table.Len() != 0 {
		t.Errorf("saw %d entries, %d are left, want each once and none left", len(seen), table.Len())
	}
}

// TestTableConcurrently: of many that add one key one wins, the limit holds, and
// whoever finds an entry by key can remove it.
func TestTableConcurrently(t *testing.T) {
	const workers, keys, rounds, limit = 8, 20, 400, 10
	table := NewTable[uint64](limit)
	var ids atomic.Uint64
	var most atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range rounds * keys {
				key, id := fmt.Sprint(i%keys), ids.Add(1)
				got, added := table.Add(key, id, id)
				switch {
				case added && got != id:
					t.Errorf("Add returned %d for %d", got, id)
				case added:
					if v, ok := table.ByID(id); ok && v != id {
						t.Errorf("ByID(%d) = %d", id, v)
					}
				}
				if n := int64(table.Len()); n > most.Load() {
					most.Store(n)
				}
				if old, ok := table.ByKey(key); ok {
					table.Remove(key, old)
				}
			}
		})
	}
	wg.Wait()
	// Len may count an Add that is about to be refused.
	if most.Load() > limit+workers {
		t.Errorf("held %d, the limit is %d", most.Load(), limit)
	}
	table.Each(func(id uint64) { t.Errorf("%d was left behind", id) })
	for i := range keys {
		if v, ok := table.ByKey(fmt.Sprint(i)); ok {
			t.Errorf("key %d still leads to %d", i, v)
		}
	}
	if table.Len() != 0 {
		t.Errorf("Len is %d, want 0", table.Len())
	}
}

// TestTableLimitConcurrently: never more than the limit are let in, and never
// fewer.
func TestTableLimitConcurrently(t *testing.T) {
	const workers, each, limit = 8, 200, 100
	table := NewTable[uint64](limit)
	var added atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				id := uint64(w*each + i)
				if _, ok := table.Add(fmt.Sprint(id), id, id); ok {
					added.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if added.Load() != limit || table.Len() != limit {
		t.Errorf("%d were added, Len is %d, want %d", added.Load(), table.Len(), limit)
	}
}

func BenchmarkTableAddRemove(b *testing.B) {
	table := NewTable[int](1 << 20)
	b.ReportAllocs()
	var n atomic.Uint64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := n.Add(1)
			key := Branch(id, 1)
			table.Add(key, id, 1)
			table.Remove(key, id)
		}
	})
}
