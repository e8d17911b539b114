package transport

import "time"

// userTimeout is how long what was sent on a connection may stay without an
// acknowledgement of the peer's kernel, until ours ends the connection (RFC 5482).
const userTimeout = 30 * time.Second

// Doubt says that something which was sent on f at that time has got no answer. If
// nothing at all has come on that connection since then, its peer may be gone
// without a word: requests to there go by another one from now on. What else is
// under way on it goes on, and it still counts.
func (s *Set) Doubt(f Flow, sent time.Time) {
	c, ok := f.path.(*conn)
	if !ok || c.lastHeard.Load() >= sent.UnixNano() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range c.peers {
		if s.conns.byPeer[d] == c {
			delete(s.conns.byPeer, d)
		}
	}
}
