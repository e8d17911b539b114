package transport

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// cut feeds a framer in pieces of step bytes and returns what it cuts out.
func cut(tb testing.TB, stream string, step int) (msgs []string, pings int, f framer, err error) {
	tb.Helper()
	for stream != "" {
		space := f.space()
		if len(space) == 0 || len(f.buf) > framerLarge {
			tb.Fatalf("room for %d bytes in a buffer of %d", len(space), len(f.buf))
		}
		n := copy(space[:min(step, len(space))], stream)
		f.filled(n)
		stream = stream[n:]
		for {
			msg, p, nextErr := f.next()
			pings += p
			if nextErr != nil {
				return msgs, pings, f, nextErr
			}
			if msg == nil {
				break
			}
			msgs = append(msgs, string(msg))
		}
	}
	return msgs, pings, f, nil
}

func TestFramer(t *testing.T) {
	one, two, large := options("1", 0), options("2", 7), options("3", message.MaxSize-len(options("3", 10000))+10000)
	if len(large) != message.MaxSize {
		t.Fatalf("large message of %d bytes, want %d", len(large), message.MaxSize)
	}
	for _, tc := range []struct {
		name   string
		stream string
		msgs   []string
		pings  int
		rest   string
	}{
		{"one", one, []string{one}, 0, ""},
		{"two in one piece", one + two, []string{one, two}, 0, ""},
		{"the largest, between others", two + large + one, []string{two, large, one}, 0, ""},
		{"half", two[:len(two)-1], nil, 0, two[:len(two)-1]},
		{"one and a half", one + two[:9], []string{one}, 0, two[:9]},
		{"one line end", "\r\n" + one, []string{one}, 0, ""},
		{"one line end before and after", "\r\n" + one + "\r\n" + two + "\r\n", []string{one, two}, 0, ""},
		{"ping", "\r\n\r\n", nil, 1, ""},
		{"three pings and a line end", strings.Repeat("\r\n", 7) + one, []string{one}, 3, ""},
		{"pings around", "\r\n\r\n" + one + "\r\n\r\n" + two + "\r\n\r\n", []string{one, two}, 3, ""},
		{"half a line end", one + "\r", []string{one}, 0, "\r"},
	} {
		for _, step := range []int{1, 2, 3, 1000, 1 << 20} {
			msgs, pings, f, err := cut(t, tc.stream, step)
			if err != nil || !slices.Equal(msgs, tc.msgs) || pings != tc.pings || string(f.rest()) != tc.rest || f.partial() != (tc.rest != "") {
				t.Errorf("%s by %d: %d messages, %d pings, rest %q, %v", tc.name, step, len(msgs), pings, f.rest(), err)
			}
		}
	}
}

func TestFramerRefuses(t *testing.T) {
	for name, stream := range map[string]string{
		"no Content-Length":       strings.Replace(options("1", 0), "Content-Length: 0\r\n", "", 1),
		"negative Content-Length": strings.Replace(options("1", 0), "Length: 0", "Length: -1", 1),
		"larger than allowed":     options("1", message.MaxSize),
		"endless header":          "OPTIONS sip:b SIP/2.0\r\nX: " + strings.Repeat("x", message.MaxSize),
		"no line ends at all":     strings.Repeat("x", 2*message.MaxSize),
	} {
		for _, step := range []int{100, 1 << 20} {
			if msgs, _, _, err := cut(t, options("0", 1)+stream, step); err == nil || len(msgs) != 1 {
				t.Errorf("%s by %d: %d messages, %v, want one and an error", name, step, len(msgs), err)
			}
		}
	}
	if _, _, _, err := cut(t, options("1", message.MaxSize), 1000); !errors.Is(err, message.ErrTooLarge) {
		t.Errorf("too large: %v, want ErrTooLarge", err)
	}
}

// TestFramerShrinks: after a large message the buffer is small again.
func TestFramerShrinks(t *testing.T) {
	_, _, f, err := cut(t, options("1", 60000), 1000)
	if err != nil || len(f.buf) <= framerSmall {
		t.Fatalf("buffer of %d bytes, %v", len(f.buf), err)
	}
	if f.space(); len(f.buf) != framerSmall {
		t.Errorf("buffer of %d bytes, want %d", len(f.buf), framerSmall)
	}
}

// FuzzFramer: the messages of a stream do not depend on how its bytes come.
func FuzzFramer(f *testing.F) {
	f.Add([]byte(options("1", 3)+"\r\n\r\n"+options("2", 0)), uint16(7))
	f.Add([]byte("\r\n\r\r\n\n"+options("2", 0)), uint16(1))
	f.Fuzz(func(t *testing.T, stream []byte, step uint16) {
		whole, wholePings, _, wholeErr := cut(t, string(stream), len(stream)+1)
		parts, partsPings, _, partsErr := cut(t, string(stream), int(step)+1)
		if !slices.Equal(whole, parts) || wholePings != partsPings || (wholeErr == nil) != (partsErr == nil) {
			t.Errorf("at once: %q, %d, %v; by %d: %q, %d, %v", whole, wholePings, wholeErr, step+1, parts, partsPings, partsErr)
		}
	})
}
