package responder

import (
	"bufio"
	"fmt"
	"strings"
	"testing"
)

func request(work Work) string {
	return fmt.Sprintf("INVITE sip:%s@127.0.0.1:5070 SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP b;branch=z9hG4bK2\r\n"+
		"Record-Route: <sip:edge;lr>\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", work.Number())
}

// TestAnswers: what becomes of a call is in the number, and a response repeats
// what RFC 3261 section 8.2.6 says.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		work Work
		port int
		want string
	}{
		{Plain, Redirect, "180 200"},
		{One, Redirect, "302"},
		{Three, Redirect, "300"},
		{Ring, Redirect, "302"},
		{One, Target, "180 200"},
		{Ring, Target, "180"},
		{Three, Failing, "503"},
		{Three, Busy, "486"},
	} {
		s := &server{}
		var got []string
		s.answer([]byte(request(test.work)), nil, test.port, "", func(b []byte) {
			text := string(b)
			got = append(got, text[8:11])
			for _, line := range []string{"Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nVia: ", "Record-Route: <sip:edge;lr>", "To: <sip:b@b>;tag=r1\r\n"} {
				if !strings.Contains(text, line) {
					t.Errorf("%s at %d: no %q in\n%s", test.work, test.port, line, text)
				}
			}
		})
		if strings.Join(got, " ") != test.want || s.counts.Invite.Load() != 1 {
			t.Errorf("%s at %d: %q, want %s", test.work, test.port, got, test.want)
		}
	}
}

// TestStream: messages of a stream are cut at Content-Length, keep-alives between them skipped.
func TestStream(t *testing.T) {
	t.Parallel()
	first := "BYE sip:a SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"
	second := "ACK sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n"
	reader := bufio.NewReader(strings.NewReader(first + "\r\n\r\n" + second))
	for _, want := range []string{first, second} {
		if got, err := readMessage(reader, nil); err != nil || string(got) != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
}
