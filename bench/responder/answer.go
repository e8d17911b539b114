package responder

import (
	"bytes"
	"fmt"
	"sync/atomic"
)

// Work is what becomes of a call: the last three digits of the number called.
type Work string

// The kinds of work, and the INVITEs that the edge sends for each.
const (
	Plain Work = "200" // the redirect server answers the call itself: 1
	One   Work = "302" // 302 with one contact: 2
	Three Work = "300" // 300 with three contacts, of which two fail: 4
	Ring  Work = "180" // 302 with a contact that rings and never answers: 2
)

// Invites is how many INVITEs of the edge a call of this work takes.
func (w Work) Invites() int {
	switch w {
	case Plain:
		return 1
	case Three:
		return 4
	case One, Ring:
	}
	return 2
}

// Number is the user part to call.
func (w Work) Number() string { return "+15551230" + string(w) }

// Counts is what the responder has received, at all of its ports.
type Counts struct {
	Invite, Ack, Bye atomic.Int64
}

func (s *server) answer(request, out []byte, port int, transport string, send func([]byte)) {
	switch {
	case bytes.HasPrefix(request, []byte("INVITE ")):
		s.counts.Invite.Add(1)
		invite(request, out, port, transport, send)
	case bytes.HasPrefix(request, []byte("ACK ")):
		s.counts.Ack.Add(1)
	case bytes.HasPrefix(request, []byte("BYE ")):
		s.counts.Bye.Add(1)
		send(reply(out, request, "200 OK", "", ""))
	}
}

// Totals is what [Query] gets: the driver asks before and after a load.
type Totals struct{ Invite, Ack, Bye int64 }

func (s *server) totals() Totals {
	return Totals{s.counts.Invite.Load(), s.counts.Ack.Load(), s.counts.Bye.Load()}
}

func invite(request, out []byte, port int, transport string, send func([]byte)) {
	work := workOf(request)
	switch {
	case port == Failing:
		send(reply(out, request, "503 Service Unavailable", "", ""))
	case port == Busy:
		send(reply(out, request, "486 Busy Here", "", ""))
	case port == Target || work == Plain:
		contact := fmt.Sprintf("Contact: <sip:s@127.0.0.1:%d%s>\r\n", Target, transport)
		send(reply(out, request, "180 Ringing", contact, ""))
		if work != Ring {
			send(reply(out, request, "200 OK", contact, SDP))
		}
	case work == Three:
		send(reply(out, request, "300 Multiple Choices", fmt.Sprintf("Contact: %s;q=0.9, %s;q=0.5\r\nContact: %s;q=0.1\r\n",
			contactOf(work, Failing, transport), contactOf(work, Busy, transport), contactOf(work, Target, transport)), ""))
	default:
		send(reply(out, request, "302 Moved Temporarily", "Contact: "+contactOf(work, Target, transport)+"\r\n", ""))
	}
}

func contactOf(work Work, port int, transport string) string {
	return fmt.Sprintf("<sip:%s@127.0.0.1:%d%s>", work.Number(), port, transport)
}

// workOf reads the end of the number in the Request-URI.
func workOf(request []byte) Work {
	user, _, _ := bytes.Cut(request, []byte("@"))
	return Work(user[max(0, len(user)-3):])
}
