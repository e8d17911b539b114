package edge

import (
	"strconv"
	"strings"
	"sync"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// places are those of calls that wait for DNS or a connection (limits.waiting). One
// destination has at most a tenth of them: one that is dead holds up nobody else.
// They are safe for concurrent use.
type places struct {
	limit, share int

	mu    sync.Mutex
	taken int
	by    map[string]int // those that are taken, by destination
}

func newPlaces(limit int) *places {
	return &places{limit: limit, share: max(1, limit/10), by: make(map[string]int)}
}

// take takes a place for a destination, and reports whether there was one.
func (p *places) take(destination string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken >= p.limit || p.by[destination] >= p.share {
		return false
	}
	p.taken++
	p.by[destination]++
	return true
}

// give gives a place back.
func (p *places) give(destination string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	if p.by[destination]--; p.by[destination] <= 0 {
		delete(p.by, destination)
	}
}

// placeOf is what the destination of a URI is counted by: its host, port and
// transport.
func placeOf(uri *sipuri.URI) string {
	name, _ := uri.Param("transport")
	return strings.ToLower(uri.Scheme + ":" + hostOf(uri) + ":" + strconv.Itoa(int(uri.Port)) + ";" + name)
}

// placeBack is what one that responses go to is counted by.
func placeBack(to transport.Destination) string { return to.Kind.String() + " " + to.Addr.String() }
