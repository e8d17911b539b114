package edge

import "github.com/redirectd/redirectd/internal/edge/message"

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
	if b.status != 0 && !better(status, m != nil, b.status, b.m != nil) {
		return
	}
	b.status, b.m = status, nil
	if m != nil {
		b.m = m.Clone()
	}
}

// better reports whether a response is a better answer than another: any 6xx,
// otherwise the lowest class; within 4xx those that tell the caller what to
// change; within 5xx rather not 503; what a target said rather than what we
// conclude; then, as Kamailio does, the lower code.
func better(a int, realA bool, b int, realB bool) bool {
	if ra, rb := rank(a), rank(b); ra != rb {
		return ra < rb
	}
	if realA != realB {
		return realA
	}
	return a < b
}

func rank(status int) int {
	switch {
	case status >= 600:
		return 0
	case status == 401, status == 407, status == 415, status == 420, status == 484:
		return 40
	case status == 408:
		return 42
	case status < 500:
		return 41
	case status == 503:
		return 51
	}
	return 50
}
