package transaction

import (
	"strconv"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// MagicCookie begins every branch of RFC 3261 (8.1.1.7).
const MagicCookie = "z9hG4bK"

// ServerKey identifies the server transaction that a request belongs to
// (17.2.3). An ACK has the key of its INVITE. A CANCEL has a key of its own;
// see [CancelledKey].
func ServerKey(m *message.Message) string {
	method := m.Method()
	if method == "ACK" {
		method = "INVITE"
	}
	return serverKey(m, method)
}

// CancelledKey identifies the server transaction that a CANCEL wants to end
// (9.2).
func CancelledKey(m *message.Message) string { return serverKey(m, "INVITE") }

func serverKey(m *message.Message, method string) string {
	via := m.TopVia()
	host, port := strings.ToLower(via.Host), strconv.Itoa(int(via.Port))
	if len(via.Branch) > len(MagicCookie) && strings.HasPrefix(via.Branch, MagicCookie) {
		return via.Branch + "|" + host + ":" + port + "|" + method
	}
	// A peer of RFC 2543 has no unique branch: the rest of the request must do. The
	// To tag is part of it, but for an INVITE: its ACK has the tag of the response.
	toTag := ""
	if method != "INVITE" {
		toTag = m.ToTag()
	}
	number, _ := m.CSeq()
	return strings.Join([]string{
		"", method, m.RequestURI(), m.CallID(), m.FromTag(), toTag,
		strconv.FormatUint(uint64(number), 10), via.Transport, host, port, via.Branch,
	}, "\n")
}

// Branch returns the branch of the n-th request of the response context id
// (16.6 step 8). Of an id that nobody can guess, nobody can forge a response.
func Branch(id uint64, n int) string {
	b := make([]byte, 0, len(MagicCookie)+20)
	b = append(b, MagicCookie...)
	b = strconv.AppendUint(b, id, 36)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(n), 36)
	return string(b)
}

// ParseBranch reads what [Branch] made (17.1.3). n is less than 2^31.
func ParseBranch(branch string) (id uint64, n int, ok bool) {
	rest, found := strings.CutPrefix(branch, MagicCookie)
	if !found {
		return 0, 0, false
	}
	first, second, found := strings.Cut(rest, ".")
	if !found {
		return 0, 0, false
	}
	id, err := strconv.ParseUint(first, 36, 64)
	if err != nil {
		return 0, 0, false
	}
	number, err := strconv.ParseUint(second, 36, 31)
	if err != nil {
		return 0, 0, false
	}
	return id, int(number), true
}
