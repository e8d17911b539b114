package sipcontract_test

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/sipcontract"
)

func TestSplit(t *testing.T) {
	noLength := func(s string) string {
		for _, l := range []string{"Content-Length: 10\r\n", "Content-Length: 0\r\n"} {
			s = strings.Replace(s, l, "", 1)
		}
		return s
	}
	for name, c := range map[string]struct {
		text string
		want []string
		line int // of the last message
	}{
		"nothing":               {"\r\n \n", nil, 0},
		"one":                   {invite, []string{invite}, 1},
		"wire":                  {invite + moved, []string{invite, moved}, 15},
		"blank between":         {invite + "\r\n\n" + moved, []string{invite, moved}, 17},
		"LF, counted with CRLF": {lf(invite + "\n" + moved), []string{invite, moved}, 16},
		"LF, counted as it is": {
			strings.Replace(lf(invite+"x"+moved), "Length: 10", "Length: 9", 1),
			[]string{strings.Replace(strings.TrimSuffix(invite, sdp), "Length: 10", "Length: 9", 1) + lf(sdp) + "x", moved},
			15,
		},
		"LF, without the last": {strings.TrimSuffix(lf(invite), "\n"), []string{invite}, 1},
		"no length": {
			noLength(invite) + "\r\n" + noLength(moved), []string{noLength(invite) + "\r\n", noLength(moved)}, 15,
		},
		"no length, no body":   {strings.TrimSuffix(noLength(invite), sdp) + moved, []string{strings.TrimSuffix(noLength(invite), sdp), moved}, 12},
		"the other way round":  {moved + invite, []string{moved, invite}, 10},
		"no empty line at end": {lf(invite) + strings.TrimSuffix(lf(moved), "\n\n"), []string{invite, moved}, 15},
		"a body like a message": {
			strings.Replace(invite, "Length: 10", "Length: 32", 1) + "SIP/2.0 200 OK\r\nX: y\r\n\r\n",
			[]string{strings.Replace(invite, "Length: 10", "Length: 32", 1) + "SIP/2.0 200 OK\r\nX: y\r\n"},
			1,
		},
	} {
		got, err := sipcontract.Split([]byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: %d messages, want %d", name, len(got), len(c.want))
			continue
		}
		for i, m := range got {
			if string(m.Raw) != c.want[i] {
				t.Errorf("%s: message %d is %q, want %q", name, i, m.Raw, c.want[i])
			}
			if m.IsRequest() != strings.HasPrefix(c.want[i], "INVITE") {
				t.Errorf("%s: message %d: request %t", name, i, m.IsRequest())
			}
		}
		if len(got) > 0 && got[len(got)-1].Line != c.line {
			t.Errorf("%s: the last one begins in line %d, want %d", name, got[len(got)-1].Line, c.line)
		}
	}
}

func TestSplitErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"three":    {invite + moved + "\n" + moved, "line 25: a third message begins here; want a request and its response"},
		"text":     {"\nhello\n", `line 2: "hello" begins no SIP message; want "INVITE sip:user@host SIP/2.0" or "SIP/2.0 302 Moved Temporarily"`},
		"trailing": {moved + "hello", "line 8: Content-Length is 0, but the body has 5 bytes"},
		"LF":       {strings.Replace(lf(invite+"\n"+moved), "Length: 10", "Length: 15", 1), "line 11: Content-Length is 15, but the body up to the message in line 16 has 10 bytes"},
		"one byte": {strings.Replace(moved, "Content-Length: 0", "l: 2", 1) + "x", "line 8: Content-Length is 2, but the body has 1 byte"},
	} {
		if _, err := sipcontract.Split([]byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%s: error %v\nwant %s", name, err, c.want)
		}
	}
}
