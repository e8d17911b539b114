package edge

import (
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
)

// bestResponse is the final response that goes upstream if no target answers
// (16.7 step 6). A 3xx that was recursed on never competes.
type bestResponse struct {
	status int              // 0: none
	m      *message.Message // nil: one of our own with that status
	real   bool             // some target sent a final response
}

// consider takes the final response of a branch. A response of our own, for a
// branch that had none, has no message.
func (b *bestResponse) consider(status int, m *message.Message) {
	b.real = b.real || m != nil
	if b.status != 0 && !decision.Better(status, m != nil, b.status, b.m != nil) {
		return
	}
	b.status, b.m = status, nil
	if m != nil {
		b.m = m.Clone()
	}
}
