package policyrpc

import "sync"

// maxBudget is 256 tries, in tenths: what is in flight at one backend of an
// edge with thousands of decisions a second when that backend hangs.
const maxBudget = 256 * 10

// budget limits the tries after the first to a tenth of the decisions, with
// bursts: when all backends are overloaded, asking more of them is no help.
type budget struct {
	mu     sync.Mutex
	tenths int // of a try
}

// earn adds what one decision brings.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tenths = min(b.tenths+1, maxBudget)
}

// spend takes one try, if it is there.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tenths < 10 {
		return false
	}
	b.tenths -= 10
	return true
}
