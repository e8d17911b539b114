package replay_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/policy/policytest"
	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/policy/replay"
)

// recorded records what asks asks of p, and returns the file.
func recorded(tb testing.TB, p policy.Policy, ask func(policy.Policy)) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "recording.jsonl")
	cfg := record.Config{Config: linelog.Config{File: path, MaxSize: linelog.MaxSize}}
	r, err := record.Open(cfg, record.Options{Program: "test", Policy: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	ask(r.Wrap(p))
	if err := r.Close(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return path
}

// builtin is a built-in policy.
func builtin(tb testing.TB, config string) *policy.Builtin {
	tb.Helper()
	cfg, err := policy.ParseConfig("policy.yaml", []byte(config))
	if err != nil {
		tb.Fatal(err)
	}
	return policy.NewBuiltin(cfg)
}

// question is one of a call.
func question(call string, uris ...string) *redirectv1.DecideRequest {
	var contacts []*redirectv1.Contact
	for _, uri := range uris {
		contacts = append(contacts, policytest.Contact(uri))
	}
	q := policytest.Redirected(302, "Moved Temporarily", contacts...)
	q.Call.CallId, q.RequestId = call, call+".1"
	return q
}

// run replays a file, and returns the results.
func run(t *testing.T, path string, o replay.Options) []*replay.Result {
	t.Helper()
	var results []*replay.Result
	if err := replay.Run(t.Context(), replay.NewReader(replay.File(path)), o, func(r *replay.Result) error {
		results = append(results, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return results
}

// TestOrder: results come as the recording is, however many are asked at once, and
// the same policy answers the same.
func TestOrder(t *testing.T) {
	t.Parallel()
	p := policy.NewBuiltin(nil)
	const n = 1000
	path := recorded(t, p, func(p policy.Policy) {
		for i := range n {
			_, _ = p.Decide(t.Context(), question(fmt.Sprint(i), "sip:a@192.0.2.1"))
		}
	})
	results := run(t, path, replay.Options{Policy: p, Parallel: 7})
	if len(results) != n {
		t.Fatalf("%d results", len(results))
	}
	for i, r := range results {
		if r.Recorded.Question.GetCall().GetCallId() != fmt.Sprint(i) || r.Line != i+1 || !r.Difference.Same() || r.Err != nil {
			t.Fatalf("result %d is of line %d, call %s: %s, %v", i, r.Line, r.Recorded.Question.GetCall().GetCallId(), r.Difference, r.Err)
		}
	}
}

// TestState: policy_state is given to the policy that it is of, and to no other.
func TestState(t *testing.T) {
	t.Parallel()
	var got string
	p := policy.Func(func(_ context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		got = string(q.GetPolicyState())
		return &redirectv1.DecideResponse{
			Action:      &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 480}},
			Explanation: &redirectv1.Explanation{PolicyVersion: "1", ConfigRevision: "a"},
		}, nil
	})
	path := recorded(t, p, func(p policy.Policy) {
		q := question("1", "sip:a@192.0.2.1")
		q.PolicyState = []byte("mine")
		_, _ = p.Decide(t.Context(), q)
	})
	for _, tt := range []struct {
		info *redirectv1.GetPolicyInfoResponse
		want string
	}{
		{&redirectv1.GetPolicyInfoResponse{Version: "1", ConfigRevision: "a"}, "mine"},
		{&redirectv1.GetPolicyInfoResponse{Version: "1", ConfigRevision: "b"}, ""},
		{&redirectv1.GetPolicyInfoResponse{Version: "2", ConfigRevision: "a"}, ""},
		{&redirectv1.GetPolicyInfoResponse{}, ""},
		{nil, ""},
	} {
		r := run(t, path, replay.Options{Policy: p, Info: tt.info})[0]
		if got != tt.want || r.StateDropped != (tt.want == "") {
			t.Errorf("%v: got %q, dropped: %v", tt.info, got, r.StateDropped)
		}
	}
}

// TestErrors: what the policy says of a question is compared; what happened to it
// is not.
func TestErrors(t *testing.T) {
	t.Parallel()
	errs := map[string]error{
		"unknown": policy.ErrUnknownProfile, "invalid": policy.ErrInvalidRequest, "late": context.DeadlineExceeded,
		"over": context.Canceled, "broken": errors.New("broken"), "good": nil,
	}
	answering := func(of func(call string) error) policy.Policy {
		return policy.Func(func(ctx context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			if err := of(q.GetCall().GetCallId()); err != nil {
				return nil, err
			}
			return policy.NewBuiltin(nil).Decide(ctx, q)
		})
	}
	failing := answering(func(call string) error { return errs[call] })
	path := recorded(t, failing, func(p policy.Policy) {
		for _, call := range []string{"unknown", "invalid", "late", "over", "broken", "good"} {
			_, _ = p.Decide(t.Context(), question(call, "sip:a@192.0.2.1"))
		}
	})
	var again, good []string
	for _, r := range run(t, path, replay.Options{Policy: failing}) {
		again = append(again, fmt.Sprintf("%s %v %s", r.Then.Rule, r.Compared(), r.Difference.Kind))
	}
	for _, r := range run(t, path, replay.Options{Policy: answering(func(string) error { return nil })}) {
		good = append(good, fmt.Sprintf("%v %s", r.Compared(), r.Difference.Kind))
	}
	if got, want := strings.Join(again, ", "), "<unknown_profile> true same, <invalid_request> true same, <timeout> false same, "+
		"<cancelled> false same, <failed> false same, profile default: follow 302 true same"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := strings.Join(good, ", "), "true no_decision, true no_decision, false no_decision, false no_decision, false no_decision, true same"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestUnavailable: a policy that is away for a moment is asked again; one that
// stays away ends the replay, and is no difference.
func TestUnavailable(t *testing.T) {
	t.Parallel()
	path := recorded(t, policy.NewBuiltin(nil), func(p policy.Policy) {
		_, _ = p.Decide(t.Context(), question("1", "sip:a@192.0.2.1"))
	})
	errAway := errors.New("away")
	for _, tt := range []struct {
		away int
		want error
	}{{3, nil}, {100, errAway}} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			p := policy.Func(func(ctx context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
				if asked++; asked <= tt.away {
					return nil, errAway
				}
				return policy.NewBuiltin(nil).Decide(ctx, q)
			})
			err := replay.Run(t.Context(), replay.NewReader(replay.File(path)), replay.Options{
				Policy: p, Parallel: 1, Unavailable: func(err error) bool { return errors.Is(err, errAway) },
			}, func(r *replay.Result) error {
				if !r.Difference.Same() {
					t.Errorf("%s", r.Difference)
				}
				return nil
			})
			if !errors.Is(err, tt.want) {
				t.Errorf("away %d times: %v", tt.away, err)
			}
		})
	}
}

// TestEnds: by the caller's error, and by its context, while many are asked.
func TestEnds(t *testing.T) {
	t.Parallel()
	path := recorded(t, policy.NewBuiltin(nil), func(p policy.Policy) {
		for i := range 2000 {
			_, _ = p.Decide(t.Context(), question(fmt.Sprint(i), "sip:a@192.0.2.1"))
		}
	})
	errEnough := errors.New("enough")
	n := 0
	err := replay.Run(t.Context(), replay.NewReader(replay.File(path)), replay.Options{Policy: policy.NewBuiltin(nil), Parallel: 3}, func(*replay.Result) error {
		if n++; n == 100 {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) || n != 100 {
		t.Errorf("after %d: %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = replay.Run(ctx, replay.NewReader(replay.File(path)), replay.Options{Policy: policy.NewBuiltin(nil), Parallel: 3}, func(*replay.Result) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of its context: %v", err)
	}
}

// TestShadow: a policy in use is told that nobody acts on the answer.
func TestShadow(t *testing.T) {
	t.Parallel()
	path := recorded(t, policy.NewBuiltin(nil), func(p policy.Policy) {
		q := question("1", "sip:a@192.0.2.1")
		q.Edge = nil
		_, _ = p.Decide(t.Context(), q)
	})
	for _, shadow := range []bool{false, true} {
		p := policy.Func(func(ctx context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			if q.GetEdge().GetShadow() != shadow {
				t.Errorf("shadow is %v", q.GetEdge().GetShadow())
			}
			return policy.NewBuiltin(nil).Decide(ctx, q)
		})
		run(t, path, replay.Options{Policy: p, Shadow: shadow})
	}
}

// many records n questions of calls that are not all alike.
func many(tb testing.TB, n int) string {
	tb.Helper()
	return recorded(tb, policy.NewBuiltin(nil), func(p policy.Policy) {
		for i := range n {
			q := policytest.Redirected(302, "Moved Temporarily",
				policytest.ContactQ(fmt.Sprintf("sip:+4930%07d@192.0.2.%d;user=phone", i, i%250), 900),
				policytest.ContactQ(fmt.Sprintf("sip:+4989%07d@192.0.2.%d", i, i%250), 500),
				policytest.ContactQ(fmt.Sprintf("sip:vm-%d@voicemail.example.com", i), 100))
			q.Call.CallId = fmt.Sprintf("a84b4c76e6%07d@192.0.2.9", i)
			for _, header := range []string{"Via", "From", "To", "CSeq", "Server"} {
				q.GetRedirect().Response.Headers = append(q.GetRedirect().GetResponse().GetHeaders(),
					&redirectv1.Header{Name: header, Value: fmt.Sprintf("<sip:+4930%07d@192.0.2.9>;tag=%d", i, i)})
			}
			_, _ = p.Decide(context.Background(), q)
			if i%1000 == 999 { // the recorder drops what it does not keep up with
				<-time.After(100 * time.Millisecond)
			}
		}
	})
}

// measured replays n questions again and again.
func measured(b *testing.B, p policy.Policy, parallel int) {
	b.Helper()
	const n = 10_000
	path := many(b, n)
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		var report replay.Report
		if err := replay.Run(b.Context(), replay.NewReader(replay.File(path)), replay.Options{Policy: p, Parallel: parallel}, func(r *replay.Result) error {
			report.Add(r)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
		if report.Kinds[compare.Same] != report.Records || report.Records < n*9/10 {
			b.Fatalf("%d of %d are the same: %v", report.Kinds[compare.Same], report.Records, report.Kinds)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N)*100_000/n, "s/100000")
}

// BenchmarkReplay: 100,000 questions, in process.
func BenchmarkReplay(b *testing.B) { measured(b, policy.NewBuiltin(nil), 0) }

// BenchmarkReplayRemote: the same over gRPC on loopback.
func BenchmarkReplayRemote(b *testing.B) {
	p := policy.NewBuiltin(nil)
	server, err := policyrpc.NewServer(p, p.Info, policyrpc.ServerOptions{LogEvery: -1})
	if err != nil {
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	client, err := policyrpc.Dial(listener.Addr().String(), policyrpc.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	measured(b, client, 32)
	if err := errors.Join(client.Close(), server.Drain(context.Background()), <-served); err != nil {
		b.Fatal(err)
	}
}
