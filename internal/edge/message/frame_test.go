package message

import (
	"errors"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

// TestFrameByteByByte: a message is whole with its last byte, neither before
// nor after, in every form.
func TestFrameByteByByte(t *testing.T) {
	for form, raw := range messagetest.Variants(invite) {
		t.Run(form, func(t *testing.T) {
			for _, lead := range []string{"", "\r\n\r\n"} {
				stream := lead + raw
				for n := range len(stream) {
					if got, err := FrameLength([]byte(stream[:n])); got != 0 || err != nil {
						t.Fatalf("after %d of %d bytes: %d, %v", n, len(stream), got, err)
					}
				}
				for _, more := range []string{"", "INV", invite} {
					if got, err := FrameLength([]byte(stream + more)); got != len(stream) || err != nil {
						t.Errorf("with %d more bytes: %d, %v, want %d", len(more), got, err, len(stream))
					}
				}
			}
		})
	}
}

func TestFrameErrors(t *testing.T) {
	for _, c := range []struct {
		name, stream string
		status       int
		reason       string
	}{
		{"no Content-Length", request(), 400, "Missing Content-Length"},
		{"in a continuation line only", request("X: a", " Content-Length: 0"), 400, "Missing Content-Length"},
		{"negative", request("Content-Length: -1"), 400, "Bad Content-Length"},
		{"garbage", request("l : 0x10"), 400, "Bad Content-Length"},
		{"folded in the number", request("l: 1\r\n 0"), 400, "Bad Content-Length"},
		{"two", request("Content-Length: 0", "L: 0"), 400, "Repeated Content-Length"},
		{"zeros hide nothing", request("l: " + strings.Repeat("0", 100) + "x"), 400, "Bad Content-Length"},
		{"bare LF", "OPTIONS sip:a@h SIP/2.0\nVia", 400, "Bare CR or LF in Header"},
		{"bare LF at the end", "OPTIONS sip:a@h SIP/2.0\r\n\n", 400, "Bare CR or LF in Header"},
		{"head too large", "OPTIONS sip:a@h SIP/2.0\r\nX: " + strings.Repeat("x", MaxHead), 400, "Header Too Large"},
		{"head of many lines too large", strings.Repeat("X: y\r\n", MaxHead/6+1), 400, "Header Too Large"},
		{"whole head too large", request("X: "+strings.Repeat("x", MaxHead), "l: 0"), 400, "Header Too Large"},
		{"body too large", request("l: 65535"), 513, "Message Too Large"},
		{"body beyond 64 bits", request("l: 99999999999999999999999999"), 513, "Message Too Large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := FrameLength([]byte(c.stream))
			parse, ok := errors.AsType[*ParseError](err)
			if !ok || n != 0 || parse.Status != c.status || parse.Reason != c.reason {
				t.Errorf("%d, %v, want %d %s", n, err, c.status, c.reason)
			}
		})
	}
	if _, err := FrameLength([]byte(request("l: 65535"))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v is not ErrTooLarge", err)
	}
}

func TestFrameBounds(t *testing.T) {
	head := request("l: 65000")
	for body, want := range map[int]int{64999: 0, 65000: len(head) + 65000, 65001: len(head) + 65000} {
		if n, err := FrameLength([]byte(head + strings.Repeat("x", body))); n != want || err != nil {
			t.Errorf("with a body of %d: %d, %v, want %d", body, n, err, want)
		}
	}
	pad := MaxHead - len(request("X: ", "l: 0"))
	full := request("X: "+strings.Repeat("x", pad), "l: 0")
	if n, err := FrameLength([]byte(full)); n != MaxHead || err != nil {
		t.Errorf("a head of %d: %d, %v", len(full), n, err)
	}
	for _, stream := range []string{"", "\r", "\r\n", "\r\n\r\n\r\n", "O", "OPTIONS sip:a@h SIP/2.0\r"} {
		if n, err := FrameLength([]byte(stream)); n != 0 || err != nil {
			t.Errorf("%q: %d, %v, want 0", stream, n, err)
		}
	}
}
