package edge

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/policy"
)

// fuzzed is an edge that messages are handed to without a socket. It can't reach
// anything but loopback addresses: it is bound to one, and looks up no name.
type fuzzed struct {
	*Edge
	flow transport.Flow // to where nobody reads
	n    atomic.Int64
}

func startFuzzed(f *testing.F, p policy.Policy, trunk ...Trunk) *fuzzed {
	f.Helper()
	sink, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = sink.Close() })
	remote := sink.LocalAddr().(*net.UDPAddr).AddrPort()
	listen, err := transport.ParseAddress("udp://127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	e, err := Start(Options{
		Config: Config{
			Listen: []transport.Address{listen}, NextHop: []string{"sip:" + remote.String()}, Trunks: trunk,
			Timers: transaction.Timers{T1: time.Millisecond, T2: 4 * time.Millisecond, T4: 5 * time.Millisecond},
			Limits: Limits{Transactions: 10_000_000},
			// A fuzz test looks up no name.
			DNS: DNSConfig{Servers: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}, Timeout: time.Millisecond},
		},
		Embedded: p, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(e.Close)
	flow, ok := e.sockets.Flow(transport.Destination{Kind: transport.UDP, Addr: remote}, netip.AddrPort{})
	if !ok {
		f.Fatal("no flow to the sink")
	}
	z := &fuzzed{Edge: e, flow: flow}
	f.Cleanup(func() { z.allEnd(f) })
	return z
}

// allEnd fails the test unless every request gets a final response, or its end,
// with timers that are 500 times faster than the RFC's.
func (e *fuzzed) allEnd(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		open := ""
		e.table.Each(func(rc *responseContext) {
			rc.mu.Lock()
			defer rc.mu.Unlock()
			if rc.server.State() != transaction.Terminated {
				open = rc.method + " " + rc.callID
			}
		})
		if open == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s has not ended", open)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// receive hands bytes over as a socket does. The test fails if anything panics,
// or if the transaction of a request would wait for ever. It returns that, if
// there is one.
func (e *fuzzed) receive(t *testing.T, datagram []byte) *responseContext {
	t.Helper()
	var m message.Message
	err := m.Parse(datagram)
	receiver{e.Edge}.Receive(e.flow, &m, err)
	e.noPanic(t)
	rc, ok := e.table.ByKey(transaction.ServerKey(&m))
	if !ok {
		return nil
	}
	rc.mu.Lock()
	defer rc.mu.Unlock()
	next, waiting := rc.server.Next(), false
	if !rc.final {
		next, waiting = transaction.Earlier(next, rc.nextTimer()), rc.waitingFor != ""
	}
	for _, b := range rc.branches {
		next = transaction.Earlier(next, b.next())
	}
	ended := rc.server.State() == transaction.Terminated && len(rc.branches) == 0
	if next.IsZero() && !waiting && !ended {
		t.Errorf("nothing will ever end %s %s", rc.method, rc.callID)
	}
	return rc
}

func (e *fuzzed) noPanic(t *testing.T) {
	t.Helper()
	var panics dto.Metric
	if err := e.metrics.panics.Write(&panics); err != nil {
		t.Fatal(err)
	}
	if n := panics.GetCounter().GetValue(); n > 0 {
		t.Fatalf("%v panics", n)
	}
}

func fuzzRequest(method, callID, branch string) string {
	return method + " sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=" + branch + ";rport\r\n" +
		"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKabove\r\nFrom: \"A\" <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n" +
		"Call-ID: " + callID + "\r\nCSeq: 1 " + method + "\r\nMax-Forwards: 70\r\nIdentity: x\r\nContent-Length: 0\r\n\r\n"
}

// FuzzReceive hands arbitrary datagrams to a running edge.
func FuzzReceive(f *testing.F) {
	for i, method := range []string{"INVITE", "CANCEL", "ACK", "OPTIONS", "BYE", "REGISTER"} {
		raw := fuzzRequest(method, fmt.Sprint(i), "z9hG4bKx")
		f.Add([]byte(raw))
		f.Add([]byte(strings.Replace(raw, "bob@example.com>", "bob@example.com>;tag=2", 1)))
		f.Add([]byte(strings.Replace(raw, "Max-Forwards: 70", "Route: <sip:127.0.0.1;lr;k=00>, <sip:x>\r\nProxy-Require: a", 1)))
		f.Add([]byte(strings.Replace(raw, "branch=z9hG4bKx", "received=x;rport=7;maddr=[::1];branch=1", 1)))
		f.Add([]byte(strings.Replace(raw, "sip:bob", "tel:+1;k=", 1)))
		f.Add([]byte(raw[:len(raw)/2]))
	}
	f.Add([]byte(odd))
	f.Add([]byte("SIP/2.0 302 Moved\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1.1\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n"))
	f.Add([]byte("\r\n\r\n"))
	f.Add([]byte{})
	// With trunks, what has a To tag and no MAC of ours goes nowhere.
	e := startFuzzed(f, policy.NewBuiltin(policy.DefaultConfig()), Trunk{Name: "fuzz", From: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	f.Fuzz(func(t *testing.T, datagram []byte) {
		e.receive(t, datagram)
		receiver{e.Edge}.Failed(e.flow, datagram, errNoSocket)
		e.noPanic(t)
	})
}

// FuzzRedirect answers an INVITE of the edge's with an arbitrary response: what
// stands after the Via.
func FuzzRedirect(f *testing.F) {
	for _, tail := range []string{
		"Contact: <sip:a@127.0.0.1:9>;q=0.5, sip:b@127.0.0.1:9 ; Q = 1, <sips:c@127.0.0.1>, <tel:+1>, *, <\r\n\r\n",
		"Contact:,,\r\nm: \"A, \\\" <b\" <sip:x@127.0.0.1:9?Identity=%0d%0aX&b>;expires=9999999999999\r\nContent-Length: 0\r\n\r\n",
		"From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n", // no other Via
		"\r\n", "\r\n\r\nbody", "Reason: SIP;cause=302\r\nContact: <sip:\xff@127.0.0.1:9;lr>\r\n\r\n",
	} {
		for _, status := range []uint16{100, 180, 200, 300, 302, 305, 380, 401, 407, 486, 503, 603} {
			f.Add(status, true, []byte(tail))
			f.Add(status, false, []byte(tail))
		}
	}
	e := startFuzzed(f, policy.NewBuiltin(policy.DefaultConfig()))
	f.Fuzz(func(t *testing.T, status uint16, cancel bool, tail []byte) {
		e.respond(t, status, cancel || status < 200, tail)
	})
}

// respond begins a call, answers its first branch, and may cancel it.
func (e *fuzzed) respond(t *testing.T, status uint16, cancel bool, tail []byte) {
	t.Helper()
	callID := fmt.Sprintf("call%d", e.n.Add(1))
	invite := []byte(fuzzRequest("INVITE", callID, "z9hG4bK"+callID))
	rc := e.receive(t, invite)
	if rc == nil {
		t.Fatal("an INVITE was not taken")
	}
	rc.mu.Lock()
	first := 0
	for _, b := range rc.branches {
		first = b.n
	}
	rc.mu.Unlock()
	head := fmt.Sprintf("SIP/2.0 %d X\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=%s\r\n", status, transaction.Branch(rc.id, first))
	rest := "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK" + callID + "\r\nFrom: <sip:a@example.com>;tag=1\r\n" +
		"To: <sip:bob@example.com>;tag=2\r\nCall-ID: " + callID + "\r\nCSeq: 1 INVITE\r\n"
	e.receive(t, append([]byte(head+rest), tail...))
	e.receive(t, append([]byte(head), tail...)) // only what the fuzzer says of it
	e.receive(t, invite)
	if cancel {
		e.receive(t, []byte(fuzzRequest("CANCEL", callID, "z9hG4bK"+callID)))
	}
}

// FuzzDecision follows an arbitrary answer of a policy, through a whole call.
func FuzzDecision(f *testing.F) {
	for _, d := range decisionSeeds() {
		b, err := proto.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x0a\x00"))
	var answer atomic.Pointer[redirectv1.DecideResponse]
	e := startFuzzed(f, policy.Func(func(contextT, *requestT) (*responseT, error) { return answer.Load(), nil }))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := &redirectv1.DecideResponse{}
		if proto.Unmarshal(b, d) != nil {
			return
		}
		for _, method := range []string{"INVITE", "MESSAGE"} {
			if err := decision.Check(d, method); err != nil && err.Error() == "" {
				t.Error("a decision was refused without a reason")
			}
		}
		answer.Store(d)
		for _, status := range []uint16{302, 305} {
			e.respond(t, status, true, []byte("Contact: <sip:a@127.0.0.1:9?Identity=1>, nonsense\r\nIdentity: y\r\n\r\n"))
		}
	})
}

func decisionSeeds() []*redirectv1.DecideResponse {
	copied := func(ref redirectv1.MessageRef) *redirectv1.HeaderOp {
		return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Copy{Copy: &redirectv1.HeaderCopy{
			Source: ref, Name: "Identity", Rename: "X-Identity", Replace: true, Attempt: proto.Uint32(1 << 31),
		}}}
	}
	ops := []*redirectv1.HeaderOp{
		copied(redirectv1.MessageRef_MESSAGE_REF_REQUEST), copied(redirectv1.MessageRef_MESSAGE_REF_RESPONSE), copied(redirectv1.MessageRef_MESSAGE_REF_CONTACT),
		{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: "X-A", Value: "1"}}},
		{Op: &redirectv1.HeaderOp_Remove{Remove: "Via"}},
		{},
	}
	contact := &redirectv1.ContactRef{Attempt: 1 << 31, Index: 1 << 31}
	return []*redirectv1.DecideResponse{
		{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			ConsultOnFailure: true,
			Targets: []*redirectv1.Target{
				{Uri: "sip:c@127.0.0.1:9", Contact: contact, HeaderOps: ops},
				{Uri: "tel:+1", NextHop: "sip:127.0.0.1:9;lr"},
				{Uri: "sip:d@127.0.0.1:9", Routes: []string{"sip:127.0.0.1:9", "nonsense"}, AnswerTimeout: &durationpb.Duration{Seconds: -1 << 40}},
				{},
			},
			Exhausted: &redirectv1.FinalResponse{Status: 480, HeaderOps: ops}, ExhaustedOnlyIfNone: true,
		}}},
		{Action: &redirectv1.DecideResponse_TryTargets{}},
		{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 603, ReasonPhrase: "No", HeaderOps: ops}}},
		{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 200}}},
		{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{ContactIndexes: []uint32{1, 1 << 31}, HeaderOps: ops}}},
		{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{Which: redirectv1.PassThrough_WHICH_BEST}}},
		{PolicyState: make([]byte, decision.MaxPolicyState+1)},
	}
}
