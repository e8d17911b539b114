package demo

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// Addresses of a network that is not there.
var (
	edgeAddr  = netip.MustParseAddrPort("127.0.0.1:1")
	aliceAddr = netip.MustParseAddrPort("127.0.0.1:2")
	daveAddr  = netip.MustParseAddrPort("127.0.0.1:3")
	testNames = map[netip.AddrPort]string{edgeAddr: edgeName, aliceAddr: "alice", daveAddr: "dave"}
)

// tape makes datagrams a millisecond apart. Each line is "owner > remote" for
// one sent or "owner < remote" for one received, the start line, the method of
// the CSeq, the branch and the tag in To, separated by bars.
func tape(lines ...string) []datagram {
	addrs := map[string]netip.AddrPort{"edge": edgeAddr, "alice": aliceAddr, "dave": daveAddr}
	var list []datagram
	for i, line := range lines {
		f := strings.Split(line, "|")
		way := strings.Fields(f[0])
		list = append(list, datagram{
			at: time.Unix(0, int64(i)*int64(time.Millisecond)), owner: way[0], out: way[1] == ">", remote: addrs[way[2]],
			bytes: crlf(fmt.Sprintf("%s\nVia: SIP/2.0/UDP x;branch=%s\nTo: <sip:a@b>;tag=%s\nCall-ID: 1\nCSeq: 1 %s\n\n", f[1], f[3], f[4], f[2])),
		})
	}
	return list
}

// good is a call that dave answers.
var good = []string{
	"alice > edge|INVITE sip:dave@x SIP/2.0|INVITE|a|",
	"alice < edge|SIP/2.0 100 Trying|INVITE|a|",
	"dave < edge|INVITE sip:dave@x SIP/2.0|INVITE|e|",
	"dave > edge|SIP/2.0 200 OK|INVITE|e|d",
	"alice < edge|SIP/2.0 200 OK|INVITE|a|d",
	"alice > edge|ACK sip:dave@x SIP/2.0|ACK|b|d",
	"dave < edge|ACK sip:dave@x SIP/2.0|ACK|f|d",
	"alice > edge|BYE sip:dave@x SIP/2.0|BYE|c|d",
	"dave < edge|BYE sip:dave@x SIP/2.0|BYE|g|d",
	"dave > edge|SIP/2.0 200 OK|BYE|g|d",
	"alice < edge|SIP/2.0 200 OK|BYE|c|d",
}

func TestChecksOfACall(t *testing.T) {
	replaced := func(i int, lines ...string) []string {
		return append(append(append([]string(nil), good[:i]...), lines...), good[i+1:]...)
	}
	tests := []struct {
		name  string
		lines []string
		want  string // part of a problem; "" for none
	}{
		{"good", good, ""},
		{"a final response again is one", append(slices.Clip(good), good[4]), ""},
		{"two final responses", append(slices.Clip(good), "alice < edge|SIP/2.0 480 No|INVITE|a|e"), "exactly one final response at alice, got 2 [200, 480]"},
		{"the same status of another callee", append(slices.Clip(good), "alice < edge|SIP/2.0 200 OK|INVITE|a|e"), "got 2 [200, 200]"},
		{"no final response", good[:3], "exactly one final response at alice, got 0"},
		{"the edge answers for dave", replaced(4, "alice < edge|SIP/2.0 200 OK|INVITE|a|edge"), "expected 200 from dave at alice, got 200 from sipedge"},
		{"another status", replaced(4, "alice < edge|SIP/2.0 486 Busy|INVITE|a|d"), "expected 200 from dave at alice, got 486 from sipedge"},
		{"no 100", replaced(1), "expected one 100 Trying at alice, got 0"},
		{"100 too late", append(replaced(1), good[1]), "expected 100 Trying at alice before everything else, got 200 OK"},
		{"two 100", replaced(1, good[1], "alice < edge|SIP/2.0 100 Still trying|INVITE|a|"), "expected one 100 Trying at alice, got 2"},
		{"a 3xx upstream", replaced(4, good[4], "alice < edge|SIP/2.0 302 Moved|INVITE|a|n"), "no 3xx reaches alice, got 302 Moved"},
		{"nobody invited", replaced(2), "expected INVITE 1 of 1 to dave sip:dave@x, got nobody"},
		{"another Request-URI", replaced(2, "dave < edge|INVITE sip:erin@x SIP/2.0|INVITE|e|"), "got dave sip:erin@x"},
		{"invited twice", replaced(2, good[2], "dave < edge|INVITE sip:dave@x SIP/2.0|INVITE|h|"), "expected INVITE 2 of 1 to nobody, got dave sip:dave@x"},
		{"ACK lost", replaced(6), "expected an ACK from sipedge for the 200 of dave, got none"},
		{"ACK of another dialog", replaced(6, "dave < edge|ACK sip:dave@x SIP/2.0|ACK|f|other"), "an ACK from sipedge for the 200 of dave"},
		{"BYE not answered", good[:len(good)-1], "expected a 200 for the BYE at alice, got none"},
		{
			"BYE past the edge",
			replaced(7, "alice > dave|BYE sip:dave@x SIP/2.0|BYE|c|d", "dave < alice|BYE sip:dave@x SIP/2.0|BYE|c|d"),
			`by way of sipedge, got "BYE sip:dave@x SIP/2.0" from alice to dave`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := &network{caller: &caller{&peer{name: "alice"}}}
			res := &result{
				row:   &row{want: want{200, "dave", []string{"dave sip:dave@x"}}},
				trace: traceOf(tape(test.lines...), "1", testNames),
			}
			problems := strings.Join(n.check(res), "\n")
			if test.want == "" && problems != "" || !strings.Contains(problems, test.want) {
				t.Errorf("got %q, want %q", problems, test.want)
			}
		})
	}
}

func TestAckOfAFailureBelongsToItsHop(t *testing.T) {
	lines := []string{
		"dave < edge|INVITE sip:dave@x SIP/2.0|INVITE|e|",
		"dave > edge|SIP/2.0 486 Busy|INVITE|e|d",
		"alice < edge|SIP/2.0 486 Busy|INVITE|a|d",
		"alice > edge|ACK sip:dave@x SIP/2.0|ACK|a|d",
	}
	if got := traceOf(tape(append(lines, "dave < edge|ACK sip:dave@x SIP/2.0|ACK|e|d")...), "1", testNames).missing("alice"); len(got) > 0 {
		t.Errorf("missing %q, want nothing", got)
	}
	got := traceOf(tape(append(lines, "dave < edge|ACK sip:dave@x SIP/2.0|ACK|wrong|d")...), "1", testNames).missing("alice")
	if len(got) != 1 || got[0] != "an ACK from sipedge for the 486 of dave" {
		t.Errorf("missing %q, want the ACK with the branch of dave's INVITE", got)
	}
}

func TestWhatComesAfterTheEndIsFound(t *testing.T) {
	n := &network{wire: newWiretap(), names: testNames, caller: &caller{&peer{name: "alice"}}}
	datagrams := tape(append(good, good[4], "alice < edge|SIP/2.0 480 Too late|INVITE|a|e")...)
	for _, d := range datagrams[:len(good)] {
		n.wire.record(d)
	}
	res := &result{callID: "1", trace: n.trace("1")}
	n.wire.record(datagrams[len(good)])
	if got := n.late(res); len(got) > 0 {
		t.Errorf("a retransmission is reported: %q", got)
	}
	n.wire.record(datagrams[len(good)+1])
	if got := n.late(res); len(got) != 1 || !strings.Contains(got[0], `"480 Too late" from sipedge to alice`) {
		t.Errorf("got %q, want the second final response", got)
	}
}

func TestStraysAreFound(t *testing.T) {
	n := &network{wire: newWiretap(), names: testNames}
	for _, d := range tape(good...) {
		n.wire.record(d)
	}
	if got := n.strays([]*result{{callID: "1"}}); len(got) > 0 {
		t.Errorf("a call that was made is reported: %q", got)
	}
	if got := n.strays([]*result{{callID: "2"}}); len(got) != len(good) {
		t.Errorf("%d strays, want %d", len(got), len(good))
	}
	n.wire.record(datagram{owner: "alice", remote: edgeAddr, bytes: []byte("hello")})
	n.wire.record(datagram{owner: "alice", remote: netip.MustParseAddrPort("127.0.0.1:9"), bytes: []byte("not ours")})
	if got := n.strays([]*result{{callID: "1"}}); len(got) != 1 || !strings.Contains(got[0], "expected SIP between sipedge and alice") {
		t.Errorf("got %q, want the datagram that is no SIP", got)
	}
}
