package interop

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// phoneLimit is how long a phone may take for anything that a test waits for.
const phoneLimit = 10 * time.Second

// control is the connection to a phone's module ctrl_tcp: JSON in netstrings,
// commands to it, and answers and events from it.
type control struct {
	conn   net.Conn
	mu     sync.Mutex
	events []phoneEvent
	tokens int
}

// phoneEvent is an event, or the answer to a command.
type phoneEvent struct {
	Type      string // CALL_RINGING, CALL_ESTABLISHED, CALL_RTPESTAB, CALL_CLOSED, ...
	ID        string // Call-ID
	Direction string // outgoing, incoming
	Param     string

	Response, OK bool
	Data, Token  string
}

func dialControl(t *testing.T, addr netip.AddrPort) *control {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr.String(), phoneLimit)
	if err != nil {
		t.Fatal(err)
	}
	c := &control{conn: conn}
	go c.read()
	return c
}

// read collects what the phone says until the connection is closed.
func (c *control) read() {
	r := bufio.NewReader(c.conn)
	for {
		ev, err := readEvent(r)
		if err != nil {
			return // whoever waits for an event misses it
		}
		c.mu.Lock()
		c.events = append(c.events, ev)
		c.mu.Unlock()
	}
}

func readEvent(r *bufio.Reader) (ev phoneEvent, err error) {
	length, err := r.ReadString(':')
	if err != nil {
		return ev, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil || n < 0 || n > 1<<20 {
		return ev, fmt.Errorf("length of a netstring %q: want 0 to 1048576", length)
	}
	text := make([]byte, n+1) // and the comma
	if _, err := io.ReadFull(r, text); err != nil {
		return ev, err
	}
	return ev, json.Unmarshal(text[:n], &ev)
}

// all are the events by now.
func (c *control) all() []phoneEvent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

// press sends a command and waits until the phone has taken it.
func (ph *phone) press(t *testing.T, command, params string) {
	t.Helper()
	c := ph.control
	c.tokens++
	token := strconv.Itoa(c.tokens)
	text, err := json.Marshal(map[string]string{"command": command, "params": params, "token": token})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(c.conn, "%d:%s,", len(text), text); err != nil {
		t.Fatalf("%s: %s: %v", ph.name, command, err)
	}
	answer := ph.event(t, "an answer to "+command, func(ev phoneEvent) bool { return ev.Response && ev.Token == token })
	if !answer.OK {
		t.Fatalf("%s: %s %s: %s", ph.name, command, params, answer.Data)
	}
}

// event waits for the first event that is wanted.
func (ph *phone) event(t *testing.T, what string, wanted func(phoneEvent) bool) (ev phoneEvent) {
	t.Helper()
	eventually(t, phoneLimit, func() error {
		events := ph.control.all()
		i := slices.IndexFunc(events, wanted)
		if i < 0 {
			return fmt.Errorf("%s: no %s; it said %+v", ph.name, what, events)
		}
		ev = events[i]
		return nil
	})
	return ev
}

// dial calls a URI and returns the Call-ID as soon as there is news of the call.
func (ph *phone) dial(t *testing.T, uri string) (callID string) {
	t.Helper()
	old := map[string]bool{"": true}
	for _, ev := range ph.control.all() {
		old[ev.ID] = true
	}
	ph.press(t, "dial", uri)
	return ph.event(t, "news of the call", func(ev phoneEvent) bool {
		return ev.Direction == "outgoing" && !old[ev.ID]
	}).ID
}

// await waits for an event of a call.
func (ph *phone) await(t *testing.T, callID, kind string) phoneEvent {
	t.Helper()
	return ph.event(t, kind+" of "+callID, func(ev phoneEvent) bool { return ev.ID == callID && ev.Type == kind })
}
