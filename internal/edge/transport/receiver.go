package transport

import (
	"runtime/debug"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// Receiver is told what arrives. Its methods are called on the goroutine that
// reads the socket, so by several goroutines at once, and hold up what comes
// next on that socket. They must not call [Set.Shutdown].
type Receiver interface {
	// Receive takes one message. m is valid until Receive returns. err is the
	// error of m.Parse, or says why a stream cannot be cut into messages any
	// more; m then holds what could be read.
	Receive(f Flow, m *message.Message, err error)
	// Failed reports that something that was sent on f did not arrive (RFC 3261
	// section 18.4): an ICMP error for a UDP peer, with as much of the head of
	// the datagram as came back, which may be nothing; or the end of a
	// connection, once, whatever ended it, with no payload. The payload is valid
	// until Failed returns. Shutdown is not reported.
	Failed(f Flow, payload []byte, err error)
}

// receive parses raw into m and hands it over.
func (s *Set) receive(f Flow, m *message.Message, raw []byte) {
	defer s.survive(f)
	err := m.Parse(raw)
	s.receiver.Receive(f, m, err)
}

// refuse hands over the head of a stream that cannot be read on, so that the
// core can say so to the peer.
func (s *Set) refuse(f Flow, m *message.Message, head []byte, err error) {
	defer s.survive(f)
	if parseErr := m.Parse(head); parseErr != nil && !m.Answerable() {
		return
	}
	s.receiver.Receive(f, m, err)
}

func (s *Set) failed(f Flow, payload []byte, err error) {
	defer s.survive(f)
	s.receiver.Failed(f, payload, err)
}

// survive keeps a panic over one message from ending the reader of all.
func (s *Set) survive(f Flow) {
	if p := recover(); p != nil {
		s.log.Error("receiver panicked", "flow", f.String(), "panic", p, "stack", string(debug.Stack()))
	}
}
