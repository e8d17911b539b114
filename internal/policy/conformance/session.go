package conformance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/decisiontext"
)

// startTimeout is how long a policy may take until it can be asked.
const startTimeout = 5 * time.Second

// exchange is one question and what came of it.
type exchange struct {
	name string // what the question is about
	req  *redirectv1.DecideRequest
	resp *redirectv1.DecideResponse
	err  error
}

// asked describes the question in a line.
func (x *exchange) asked() string {
	event := "failure"
	switch e := x.req.GetEvent().(type) {
	case *redirectv1.DecideRequest_Redirect:
		event = fmt.Sprintf("%d with %d contacts", e.Redirect.GetResponse().GetStatus(), len(e.Redirect.GetContacts()))
	case *redirectv1.DecideRequest_Advice:
		event = fmt.Sprintf("advice %d", e.Advice.GetResponse().GetStatus())
	}
	return fmt.Sprintf("%s: %s %s, attempt %d, %s", x.name,
		x.req.GetCall().GetMethod(), clip(x.req.GetCall().GetRequestUri().GetText()), len(x.req.GetAttempts()), event)
}

// came describes the answer in a line.
func (x *exchange) came() string {
	if x.err != nil {
		s := status.Convert(x.err)
		return clip(fmt.Sprintf("%s: %s", s.Code(), s.Message()))
	}
	return answerText(x.req, x.resp)
}

func (x *exchange) code() codes.Code { return status.Code(x.err) }

func (x *exchange) failure(came string) Failure { return Failure{x.asked(), came} }

// session asks one policy. Answers that several cases look at are asked for once.
// It is not safe for concurrent use.
type session struct {
	*Options

	rpc       redirectv1.RedirectPolicyServiceClient
	replicas  []redirectv1.RedirectPolicyServiceClient
	questions []*exchange // asked in their order; nil: not yet
	again     []*exchange // each asked again right after it
	calls     []*call     // played out; nil: not yet
}

func newSession(o *Options) *session {
	s := &session{Options: o, rpc: redirectv1.NewRedirectPolicyServiceClient(o.Policy)}
	for _, r := range o.Replicas {
		s.replicas = append(s.replicas, redirectv1.NewRedirectPolicyServiceClient(r))
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Cancelled == 0 {
		s.Cancelled = defaultCancelled
	}
	if s.AtOnce == 0 {
		s.AtOnce = defaultAtOnce
	}
	return s
}

func (s *session) info(ctx context.Context) *redirectv1.GetPolicyInfoResponse {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	info, err := s.rpc.GetPolicyInfo(ctx, &redirectv1.GetPolicyInfoRequest{})
	if err != nil {
		return nil
	}
	return info
}

// ask asks the policy a question. Retries of what the wire lost are the edge's
// business, not ours.
func (s *session) ask(ctx context.Context, name string, req *redirectv1.DecideRequest) *exchange {
	return s.askAt(ctx, s.rpc, name, req)
}

func (s *session) askAt(ctx context.Context, rpc redirectv1.RedirectPolicyServiceClient, name string, req *redirectv1.DecideRequest) *exchange {
	x := &exchange{name: name, req: s.profiled(req)}
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	x.resp, x.err = rpc.Decide(ctx, x.req)
	return x
}

// profiled names the profile that is tested, unless the question names another one.
func (s *session) profiled(req *redirectv1.DecideRequest) *redirectv1.DecideRequest {
	if s.Profile == "" || req.GetCall() == nil || req.GetCall().GetProfile() != "" {
		return req
	}
	req = proto.CloneOf(req)
	req.Call.Profile = s.Profile
	return req
}

// corpus asks every question of [questions], each twice in succession if a case
// looks at that.
func (s *session) corpus(ctx context.Context) []*exchange {
	if s.questions == nil {
		for _, q := range questions() {
			x := s.ask(ctx, q.name, q.req)
			s.questions = append(s.questions, x)
			if x.err == nil && s.runs(caseAgain) {
				s.again = append(s.again, s.ask(ctx, q.name, q.req))
			}
		}
	}
	return s.questions
}

// played plays every call of [scenarios].
func (s *session) played(ctx context.Context) []*call {
	if s.calls == nil {
		for _, sc := range scenarios() {
			s.calls = append(s.calls, s.play(ctx, sc))
		}
	}
	return s.calls
}

// answers are those of the questions and of the calls.
func (s *session) answers(ctx context.Context) []*exchange {
	all := slices.Clone(s.corpus(ctx))
	for _, c := range s.played(ctx) {
		all = append(all, c.exchanges...)
	}
	return all
}

// answerText describes an answer in a line.
func answerText(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) string {
	lines := decisiontext.Action(req, resp)
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return clip(strings.Join(lines, " "))
}

// maxShown is how much of a text a failure shows, in bytes.
const maxShown = 300

// clip shortens a text for people, and takes out of it what steers a terminal.
func clip(s string) string {
	s = decisiontext.Shown(s)
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "..."
}
