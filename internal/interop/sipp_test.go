package interop

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
)

// scenario writes a SIPp scenario from its template and returns the file.
func scenario(t *testing.T, dir, name string, values any) string {
	t.Helper()
	tmpl, err := template.ParseFiles("testdata/sipp/"+name+".xml", "testdata/sipp/parts.xml")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := tmpl.Execute(&text, values); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "scenario.xml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// sippArgs are the arguments that callers and targets have in common.
func sippArgs(dir, file, transport string, addr netip.AddrPort) []string {
	mode := "u1"
	if transport == "tcp" {
		mode = "t1"
	}
	return []string{
		"-sf", file, "-t", mode, "-nostdin",
		"-i", addr.Addr().String(), "-p", strconv.Itoa(int(addr.Port())), "-bind_local", "-ci", "127.0.0.1",
		"-trace_msg", "-message_file", filepath.Join(dir, "messages"),
		"-trace_err", "-error_file", filepath.Join(dir, "errors"),
	}
}

// target is SIPp as a phone or a gateway that is called.
type target struct {
	name  string
	addr  netip.AddrPort
	trace string
	dir   string
	*process
}

// targetValues fill the template of a target's scenario.
type targetValues struct {
	Status      int
	Reason      string
	DelayMillis int
	Answers     bool // a 200 although it was cancelled
	HangsUp     bool
	RSeq        int      // of its reliable provisional response (RFC 3262)
	InDialog    []string // methods that it takes after the ACK
}

// startTarget starts a target and waits until it listens.
func startTarget(t *testing.T, transport, name, scen string, addr netip.AddrPort, v targetValues) *target {
	t.Helper()
	dir := t.TempDir()
	args := sippArgs(dir, scenario(t, dir, scen, v), transport, addr)
	tg := &target{name: name, addr: addr, dir: dir, trace: filepath.Join(dir, "messages")}
	// A call that is tried again here with its Call-ID must not meet the memory of the first try.
	tg.process = start(t, "sipp", append(args, "-deadcall_wait", "0", "-timeout", "300s")...)
	tg.shown = 300 // the rest is its screen
	eventually(t, 10*time.Second, func() error {
		bound, err := isBound(transport, addr)
		if err == nil && !bound {
			err = fmt.Errorf("%s listens not yet on %v: %s", name, addr, tg.out.tail(500))
		}
		return err
	})
	return tg
}

// messages is what the target has sent and received by now.
func (tg *target) messages(t *testing.T) []*message {
	t.Helper()
	return readTrace(t, tg.name, tg.trace)
}

// caller says how SIPp calls.
type caller struct {
	scenario string
	user     string // user part of the Request-URI; "[field0]" with users
	// Values of the scenario's template.
	Status        int
	Reinvite      bool
	CalleeHangsUp bool
	WhileRinging  bool
	Answered      bool
	TalkMillis    int
	RSeqs         []int    // CSeq numbers of its PRACKs, one for each early dialog
	InDialog      []string // methods that it sends after the ACK

	users      []string // taken in turn, one for each call
	calls      int      // default 1
	rate       int      // calls started in a second
	concurrent int      // at most so many at once
	limit      time.Duration
}

// User is the template's name of the user part.
func (c caller) User() string { return c.user }

// calling is SIPp placing its calls.
type calling struct {
	dir   string
	limit time.Duration
	*process
}

// startCaller starts SIPp's calls to the edge.
func startCaller(t *testing.T, transport string, edge netip.AddrPort, c caller) *calling {
	t.Helper()
	dir := t.TempDir()
	limit := max(c.limit, 15*time.Second)
	args := append([]string{edge.String()}, sippArgs(dir, scenario(t, dir, c.scenario, c), transport, proctest.FreeAddr(t))...)
	args = append(args,
		"-m", strconv.Itoa(max(c.calls, 1)), "-r", strconv.Itoa(max(c.rate, 10)), "-l", strconv.Itoa(max(c.concurrent, 1)),
		"-timeout", strconv.Itoa(int(limit/time.Second))+"s", "-timeout_error",
		"-trace_stat", "-stf", filepath.Join(dir, "stat"))
	if c.users != nil {
		file := filepath.Join(dir, "users.csv")
		if err := os.WriteFile(file, []byte("SEQUENTIAL\n"+strings.Join(c.users, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-inf", file)
	}
	p := start(t, "sipp", args...)
	p.shown = 300
	return &calling{dir: dir, limit: limit, process: p}
}

// messages is what the caller has sent and received by now.
func (c *calling) messages(t *testing.T) []*message {
	t.Helper()
	return readTrace(t, "caller", filepath.Join(c.dir, "messages"))
}

// stopCalling lets SIPp end the calls that it has and start no more.
func (c *calling) stopCalling(t *testing.T) {
	t.Helper()
	c.signal(t, syscall.SIGUSR1)
}

// outcome is what became of a caller's calls.
type outcome struct {
	exit     int // SIPp's: 0 if every call went as its scenario says
	errors   string
	messages []*message
	stat     map[string]string // the last line of SIPp's statistics
}

// finish waits for the end of all calls.
func (c *calling) finish(t *testing.T) *outcome {
	t.Helper()
	return &outcome{
		exit:     c.wait(t, c.limit+10*time.Second),
		messages: c.messages(t),
		errors:   readErrors(t, c.dir),
		stat:     readStat(t, filepath.Join(c.dir, "stat")),
	}
}

// call runs a caller to its end, and fails the test unless every call went as
// its scenario says.
func call(t *testing.T, transport string, edge netip.AddrPort, c caller) *outcome {
	t.Helper()
	out := startCaller(t, transport, edge, c).finish(t)
	out.check(t)
	if len(out.messages) == 0 {
		t.Fatal("SIPp sent nothing")
	}
	return out
}

// readErrors returns what SIPp complained of; it makes no file without cause.
func readErrors(t *testing.T, dir string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "errors"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

func readStat(t *testing.T, file string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma, r.FieldsPerRecord = ';', -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows: %v", file, len(rows), err)
	}
	stat := map[string]string{}
	for i, name := range rows[0] {
		if last := rows[len(rows)-1]; i < len(last) {
			stat[name] = last[i]
		}
	}
	return stat
}

// check fails the test unless every call went as its scenario says. SIPp may
// complain and be content, of a busy machine for one.
func (o *outcome) check(t *testing.T) {
	t.Helper()
	if o.exit == 0 {
		return
	}
	t.Errorf("SIPp ended with %d: %s", o.exit, o.errors)
	for _, m := range o.messages[:min(len(o.messages), 30)] {
		t.Logf("%s", m)
	}
}
