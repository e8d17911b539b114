package conformance

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

type server struct {
	redirectv1.UnimplementedRedirectPolicyServiceServer
	policy policy.Policy
}

func (s *server) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	return s.policy.Decide(ctx, req)
}

// sessionWith is one with a policy.
func sessionWith(t *testing.T, p policy.Policy) *session {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	redirectv1.RegisterRedirectPolicyServiceServer(s, &server{policy: p})
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient("passthrough:///"+l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return newSession(&Options{Policy: conn, Timeout: time.Minute})
}

// how says how a call went: the attempts of its last question, and how many
// questions there were.
func how(c *call) (attempts, questions int, last *redirectv1.DecideRequest) {
	last = c.exchanges[len(c.exchanges)-1].req
	return len(last.GetAttempts()), len(c.exchanges), last
}

// TestPlay: the calls go as an edge would make them.
func TestPlay(t *testing.T) {
	t.Parallel()
	always := func(consult bool) policy.Func {
		return func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			try := &redirectv1.TryTargets{ConsultOnFailure: consult}
			for _, c := range req.GetRedirect().GetContacts() {
				try.Targets = append(try.GetTargets(), &redirectv1.Target{Uri: c.GetUri().GetText()})
			}
			if req.GetFailure() != nil {
				try.Targets = req.GetRemaining()
			}
			return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: try}, PolicyState: []byte{byte(len(req.GetAttempts()))}}, nil
		}
	}
	for _, c := range []struct {
		call                string
		policy              policy.Policy
		attempts, questions int
	}{
		{"all busy", always(false), 1, 1},
		{"all busy", always(true), 6, 6},                      // asked after each of five, and then there is no target
		{"all refused", always(true), 6, 2},                   // refused one after the other, and then asked
		{"a 6xx", always(true), 6, 6},                         // the policy says what comes next
		{"all unavailable, few attempts", always(true), 4, 4}, // three attempts
		{"redirected on and on", always(false), 9, 9},         // eight attempts, and then it still names targets
		{"redirected in circles", always(false), 7, 4},        // what was tried already is refused, and counts
		{"SIPS redirected on and on", always(false), 9, 9},
		{"SIPS redirected on and on", policy.NewBuiltin(nil), 9, 9},
	} {
		scenario := scenarios()[slices.IndexFunc(scenarios(), func(s scenario) bool { return s.id == c.call })]
		played := sessionWith(t, c.policy).play(t.Context(), scenario)
		attempts, questions, last := how(played)
		if attempts != c.attempts || questions != c.questions {
			t.Errorf("%s: %d attempts and %d questions, want %d and %d: %v", c.call, attempts, questions, c.attempts, c.questions, last)
		}
		for i, x := range played.exchanges[1:] {
			if before := played.exchanges[i].resp.GetPolicyState(); !slices.Equal(before, x.req.GetPolicyState()) {
				t.Errorf("%s: policy_state %v came back as %v", c.call, before, x.req.GetPolicyState())
			}
		}
	}
}

// TestAdvances: a table of what goes on.
func TestAdvances(t *testing.T) {
	t.Parallel()
	stop := defaultRule()
	stop.StopAfterRinging = true
	for _, c := range []struct {
		rule    *redirectv1.AdvanceRule
		outcome redirectv1.Outcome
		status  uint32
		rang    bool
		want    bool
	}{
		{defaultRule(), redirectv1.Outcome_OUTCOME_RESPONSE, 486, true, true},
		{defaultRule(), redirectv1.Outcome_OUTCOME_RESPONSE, 401, false, false},
		{defaultRule(), redirectv1.Outcome_OUTCOME_RESPONSE, 407, false, false},
		{defaultRule(), redirectv1.Outcome_OUTCOME_RESPONSE, 603, false, false},
		{stop, redirectv1.Outcome_OUTCOME_RESPONSE, 486, true, false},
		{stop, redirectv1.Outcome_OUTCOME_RESPONSE, 486, false, true},
		{stop, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT, 0, true, false},
		{&redirectv1.AdvanceRule{}, redirectv1.Outcome_OUTCOME_RESPONSE, 486, false, false},
		{&redirectv1.AdvanceRule{}, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT, 0, false, false},
		{&redirectv1.AdvanceRule{}, redirectv1.Outcome_OUTCOME_UNRESOLVABLE, 0, false, false},
		{&redirectv1.AdvanceRule{}, redirectv1.Outcome_OUTCOME_REFUSED, 0, false, true},
		{defaultRule(), redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, 0, false, true},
		{defaultRule(), redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, 0, false, true},
	} {
		a := &redirectv1.Attempt{Outcome: c.outcome, Response: &redirectv1.SipResponse{Status: c.status}, Rang: c.rang}
		if got := advances(c.rule, a); got != c.want {
			t.Errorf("%v after %v: %v", c.rule, a, got)
		}
	}
}
