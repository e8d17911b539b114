package interop

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// message is one message of SIPp's trace.
type message struct {
	at       time.Time
	peer     string // whose trace it is
	received bool
	start    string // start line
	header   textproto.MIMEHeader
	body     string
	raw      string
}

// status is the status code of a response, 0 of a request.
func (m *message) status() int {
	code, ok := strings.CutPrefix(m.start, "SIP/2.0 ")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(code[:min(3, len(code))])
	if err != nil {
		return 0
	}
	return n
}

// method is that of a request, or of the request that a response answers.
func (m *message) method() string {
	_, method, _ := strings.Cut(m.header.Get("CSeq"), " ")
	return method
}

func (m *message) isRequest(method string) bool { return strings.HasPrefix(m.start, method+" ") }

func (m *message) requestURI() string {
	if f := strings.Fields(m.start); len(f) == 3 && f[2] == "SIP/2.0" {
		return f[1]
	}
	return ""
}

// vias are the values of Via, topmost first. SIPp's targets join them by commas.
func (m *message) vias() []string {
	return strings.Split(strings.ReplaceAll(strings.Join(m.header.Values("Via"), ","), ", ", ","), ",")
}

// branch is the branch parameter of the topmost Via.
func (m *message) branch() string { return param(m.vias()[0], "branch") }

// repeats reports whether a response is an earlier one again.
func (m *message) repeats(earlier *message) bool {
	return m.start == earlier.start && m.header.Get("To") == earlier.header.Get("To") && m.header.Get("CSeq") == earlier.header.Get("CSeq")
}

// transport is that of the topmost Via.
func (m *message) transport() string {
	if strings.HasPrefix(m.vias()[0], "SIP/2.0/TCP ") {
		return "tcp"
	}
	return "udp"
}

func (m *message) callID() string { return m.header.Get("Call-ID") }

// param is the value of a parameter of a header field whose URI, if it has one,
// stands in angle brackets.
func param(value, name string) string {
	if i := strings.LastIndexByte(value, '>'); i >= 0 {
		value = value[i:]
	}
	for p := range strings.SplitSeq(value, ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(p), name+"="); ok {
			return v
		}
	}
	return ""
}

var traceHead = regexp.MustCompile(`(?m)^-{47} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\n(?:UDP|TCP) message (sent|received) [^\n]*\n\n`)

// readTrace reads what SIPp has written by now; a last message that is not
// whole yet is left out.
func readTrace(t *testing.T, peer, file string) []*message {
	t.Helper()
	data, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	heads := traceHead.FindAllStringSubmatchIndex(text, -1)
	var list []*message
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		m, err := readMessage(text[h[1]:end])
		if err != nil {
			if i+1 == len(heads) {
				break
			}
			t.Fatalf("%s: %v", file, err)
		}
		m.at, err = time.ParseInLocation("2006-01-02 15:04:05.000000", text[h[2]:h[3]], time.Local)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		m.peer, m.received = peer, text[h[4]:h[5]] == "received"
		list = append(list, m)
	}
	return list
}

func readMessage(raw string) (*message, error) {
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(raw)))
	start, err := r.ReadLine()
	if err != nil {
		return nil, fmt.Errorf("start line of %q: %w", raw, err)
	}
	header, err := r.ReadMIMEHeader()
	if err != nil {
		return nil, fmt.Errorf("header of %q: %w", raw, err)
	}
	rest, err := io.ReadAll(r.R)
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(cmp.Or(strings.TrimSpace(header.Get("Content-Length")), "0"))
	if err != nil || n > len(rest) {
		return nil, fmt.Errorf("body of %q: %d of %s bytes: %w", raw, len(rest), header.Get("Content-Length"), io.ErrUnexpectedEOF)
	}
	return &message{start: start, header: header, body: string(rest[:n]), raw: raw}, nil
}

// pick returns the messages for which keep is true, in the order of time.
func pick(list []*message, keep func(*message) bool) []*message {
	var kept []*message
	for _, m := range list {
		if keep(m) {
			kept = append(kept, m)
		}
	}
	slices.SortStableFunc(kept, func(a, b *message) int { return a.at.Compare(b.at) })
	return kept
}

// String shows a message as a line of a ladder, and itself.
func (m *message) String() string {
	arrow := "sent"
	if m.received {
		arrow = "received"
	}
	return fmt.Sprintf("%s %s %s:\n%s", m.at.Format("15:04:05.000000"), m.peer, arrow, m.raw)
}
