package interop

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"

	"github.com/prometheus/client_golang/prometheus"
)

// soakGroup is the calls of one SIPp, which all end with the same status.
type soakGroup struct {
	scenario string
	status   int
	calls    int
	users    []string // in turn
}

// soakCaller is SIPp placing the calls of a group.
type soakCaller struct {
	group soakGroup
	dir   string
	*process
}

func (g soakGroup) start(t *testing.T, edge netip.AddrPort) *soakCaller {
	t.Helper()
	dir, addr := t.TempDir(), proctest.FreeAddr(t)
	users := filepath.Join(dir, "users.csv")
	if err := os.WriteFile(users, []byte("SEQUENTIAL\n"+strings.Join(g.users, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	limit := strconv.Itoa(int(soakLimit / time.Second))
	rate := (g.calls + int(soakFor/time.Second) - 1) / int(soakFor/time.Second)
	// A message that the scenario does not expect is one that the network has
	// delayed: a provisional response again, or the answer to a CANCEL. It is
	// noted, and for expectAllRight to judge.
	p := start(t, "sipp", edge.String(), "-sf", scenario(t, dir, g.scenario, caller{user: "[field0]", Status: g.status}),
		"-inf", users, "-t", "u1", "-i", "127.0.0.1", "-p", strconv.Itoa(int(addr.Port())), "-bind_local", "-nostdin",
		"-m", strconv.Itoa(g.calls), "-r", strconv.Itoa(rate), "-l", strconv.Itoa(g.calls),
		"-T2", "1000", "-max_invite_retrans", "20", "-max_non_invite_retrans", "60",
		"-default_behaviors", "all,-abortunexp", "-timeout", limit+"s", "-timeout_error", "-buff_size", "4194304",
		"-trace_err", "-error_file", filepath.Join(dir, "errors"), "-trace_stat", "-stf", filepath.Join(dir, "stat"))
	p.shown = 600
	return &soakCaller{group: g, dir: dir, process: p}
}

// unexpectedFinal is a final response to an INVITE among the unexpected messages
// that SIPp notes.
var unexpectedFinal = regexp.MustCompile(`(?s)SIP/2\.0 ([2-6]\d\d) [^\n]*\n(?:[^\n]+\n)*?CSeq: \d+ (\w+)`)

// expectAllRight waits until all calls of the group have ended, each with the
// right status and with no other.
func (c *soakCaller) expectAllRight(t *testing.T) {
	t.Helper()
	exit := c.wait(t, soakLimit+10*time.Second)
	stat, noted := readStat(t, filepath.Join(c.dir, "stat")), readErrors(t, c.dir)
	if exit != 0 || stat["SuccessfulCall(C)"] != strconv.Itoa(c.group.calls) || stat["FailedCall(C)"] != "0" {
		t.Errorf("SIPp ended with %d; %s calls to %q ended with %d, %s did not, not %d and 0:\n%s", exit,
			stat["SuccessfulCall(C)"], c.group.users, c.group.status, stat["FailedCall(C)"], c.group.calls, noted[:min(len(noted), 4000)])
	}
	for _, m := range unexpectedFinal.FindAllStringSubmatch(strings.ReplaceAll(noted, "\r\n", "\n"), -1) {
		if m[2] == "INVITE" && m[1] != strconv.Itoa(c.group.status) {
			t.Errorf("a call to %q got %s too:\n%s", c.group.users, m[1], m[0])
		}
	}
	t.Logf("%d calls ended with %d: %s retransmissions", c.group.calls, c.group.status, stat["Retransmissions(C)"])
}

// expectCounters checks what the edge counted: no panic, nothing dropped but
// what came too late, and not a datagram that could not be read.
func expectCounters(t *testing.T, registry *prometheus.Registry) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	late := map[string]bool{"stray_response": true, "stray_ack": true}
	var counted []string
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if m.GetCounter() == nil {
				continue
			}
			label, n := "", m.GetCounter().GetValue()
			for _, l := range m.GetLabel() {
				label = l.GetValue()
			}
			counted = append(counted, fmt.Sprintf("%s{%s} %v", f.GetName(), label, n))
			switch name := strings.TrimPrefix(f.GetName(), "sipedge_"); {
			case n == 0:
			case name == "panics_total", name == "forbidden_total", name == "no_decision_total", name == "refused_targets_total",
				name == "dropped_total" && !late[label]:
				t.Errorf("%s %s is %v", f.GetName(), label, n)
			}
		}
	}
	t.Log(strings.Join(counted, "\n"))
}
