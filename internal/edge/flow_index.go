package edge

import (
	"sync"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

// flowIndex finds the response contexts that wait for something on a connection,
// so that its end costs no walk through all calls. UDP flows are not in it: an
// ICMP error names its branch.
type flowIndex struct {
	mu sync.Mutex
	m  map[transport.Flow]map[*responseContext]int // how many branches each
}

func (x *flowIndex) add(f transport.Flow, rc *responseContext) {
	if !f.Kind.Reliable() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.m == nil {
		x.m = make(map[transport.Flow]map[*responseContext]int)
	}
	if x.m[f] == nil {
		x.m[f] = make(map[*responseContext]int)
	}
	x.m[f][rc]++
}

func (x *flowIndex) remove(f transport.Flow, rc *responseContext) {
	if !f.Kind.Reliable() {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.m[f][rc]--; x.m[f][rc] > 0 {
		return
	}
	delete(x.m[f], rc)
	if len(x.m[f]) == 0 {
		delete(x.m, f)
	}
}

// waiting returns the contexts that have a branch on a connection.
func (x *flowIndex) waiting(f transport.Flow) []*responseContext {
	x.mu.Lock()
	defer x.mu.Unlock()
	contexts := make([]*responseContext, 0, len(x.m[f]))
	for rc := range x.m[f] {
		contexts = append(contexts, rc)
	}
	return contexts
}
