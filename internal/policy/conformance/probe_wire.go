package conformance

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

func inTime(ctx context.Context, s *session) (failures []Failure, skipped string) {
	for _, x := range s.answers(ctx) {
		if x.code() == codes.DeadlineExceeded {
			failures = append(failures, x.failure("no answer within "+s.Timeout.String()))
		}
	}
	return failures, ""
}

// saidDeadline is a context that says a deadline, so that gRPC sends it, and does
// not end at it, so that the end is the policy's own.
type saidDeadline struct {
	context.Context //nolint:containedctx // it is one

	at time.Time
}

func (d saidDeadline) Deadline() (time.Time, bool) { return d.at, true }

const shortDeadline = 10 * time.Millisecond

func deadlineKept(ctx context.Context, s *session) (failures []Failure, skipped string) {
	x := &exchange{name: "a deadline of " + shortDeadline.String(), req: s.profiled(ordinary("deadline"))}
	patient, cancel := context.WithTimeout(ctx, shortDeadline+s.Timeout)
	defer cancel()
	x.resp, x.err = s.rpc.Decide(saidDeadline{patient, time.Now().Add(shortDeadline)}, x.req) //nolint:contextcheck // patient is in it
	if patient.Err() != nil {
		return []Failure{x.failure(fmt.Sprintf("nothing within %s after the deadline", s.Timeout))}, ""
	}
	switch x.code() {
	case codes.OK, codes.DeadlineExceeded, codes.Canceled: // a reset stream is the end of it too
		return nil, ""
	}
	return []Failure{x.failure(x.came())}, ""
}

// cancelledReleased begins calls and gives them up, some before the policy has the
// question and some after that.
func cancelledReleased(ctx context.Context, s *session) (failures []Failure, skipped string) {
	req := s.profiled(cancelled())
	for range s.Cancelled {
		if err := s.giveUp(ctx, req); err != nil {
			return []Failure{{"a call that is cancelled", clip(err.Error())}}, ""
		}
	}
	for _, x := range s.atOnce(ctx, s.AtOnce, func(int) (string, *redirectv1.DecideRequest) { return "after cancelled calls", ordinary("after") }) {
		if x.err != nil {
			failures = append(failures, x.failure(fmt.Sprintf("after %d calls were cancelled: %s", s.Cancelled, x.came())))
		}
	}
	return failures, ""
}

// giveUp sends a question and cancels the call at once.
func (s *session) giveUp(ctx context.Context, req *redirectv1.DecideRequest) error {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	stream, err := s.Policy.NewStream(ctx, &grpc.StreamDesc{}, redirectv1.RedirectPolicyService_Decide_FullMethodName)
	if err != nil {
		return err
	}
	// It fails if the policy has ended the call already.
	_ = stream.SendMsg(req)
	time.Sleep(cancelAfter)
	return nil
}

// cancelAfter gives a question time to arrive before its call is cancelled.
const cancelAfter = 200 * time.Microsecond

// atOnce asks n questions at the same time.
func (s *session) atOnce(ctx context.Context, n int, question func(i int) (string, *redirectv1.DecideRequest)) []*exchange {
	all := make([]*exchange, n)
	var wg sync.WaitGroup
	for i := range all {
		name, req := question(i)
		wg.Go(func() { all[i] = s.ask(ctx, name, req) })
	}
	wg.Wait()
	return all
}

func concurrent(ctx context.Context, s *session) (failures []Failure, skipped string) {
	question := func(i int) (string, *redirectv1.DecideRequest) {
		return fmt.Sprintf("one of %d at once", s.AtOnce), numbered(i)
	}
	alone := make([]*exchange, s.AtOnce)
	for i := range alone {
		name, req := question(i)
		alone[i] = s.ask(ctx, name, req)
	}
	for i, x := range s.atOnce(ctx, s.AtOnce, question) {
		failures = append(failures, differs(alone[i], x, "asked alone")...)
	}
	return failures, ""
}

// differs compares whole answers to a question. One that had no answer before is
// not looked at.
func differs(before, x *exchange, when string) []Failure {
	switch {
	case before.err != nil:
		return nil
	case x.err != nil:
		return []Failure{x.failure(fmt.Sprintf("%s; %s: %s", x.came(), when, before.came()))}
	case !proto.Equal(before.resp, x.resp):
		return []Failure{x.failure(difference(before, x, when))}
	}
	return nil
}

// decidesOtherwise compares what an edge acts on, and not the explanation.
func decidesOtherwise(before, x *exchange, when string) []Failure {
	acted := func(x *exchange) *exchange {
		if x.err != nil {
			return x
		}
		plain := *x
		plain.resp = proto.CloneOf(x.resp)
		plain.resp.Explanation = nil
		return &plain
	}
	return differs(acted(before), acted(x), when)
}

// difference shows both answers, or what else is different about them.
func difference(before, x *exchange, when string) string {
	a, b := before.came(), x.came()
	if a == b {
		a, b = clip(before.resp.String()), clip(x.resp.String())
	}
	if e, was := x.resp.GetExplanation().GetText(), before.resp.GetExplanation().GetText(); before.came() == x.came() && e != was {
		a, b = clip("because "+was), clip("because "+e)
	}
	return fmt.Sprintf("%s; %s: %s", b, when, a)
}

func large(ctx context.Context, s *session) (failures []Failure, skipped string) {
	for _, q := range []question{{"64 contacts and 64 attempts in 250 KiB", largest("large")}, {"64 targets that remain", largestRemaining("remaining")}} {
		if x := s.ask(ctx, q.name, q.req); x.err != nil {
			failures = append(failures, x.failure(x.came()))
		}
	}
	return failures, ""
}

func minimal(ctx context.Context, s *session) (failures []Failure, skipped string) {
	if x := s.ask(ctx, "the least there is", least()); x.err != nil {
		failures = append(failures, x.failure(x.came()))
	}
	return failures, ""
}

// unknownFields puts a field that no version has into every message of a question.
func unknownFields(ctx context.Context, s *session) (failures []Failure, skipped string) {
	plain := s.ask(ctx, "as this version has it", unknown())
	req := unknown()
	addUnknown(req.ProtoReflect())
	return decidesOtherwise(plain, s.ask(ctx, "with unknown fields", req), "without them"), ""
}

// unknownField is a number that no message of the contract has.
const unknownField = 9999

func addUnknown(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap() || f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				addUnknown(v.List().Get(i).Message())
			}
		default:
			addUnknown(v.Message())
		}
		return true
	})
	m.SetUnknown(protowire.AppendString(protowire.AppendTag(nil, unknownField, protowire.BytesType), "from a later version"))
}

// unknownOutcome is one that no version has.
const unknownOutcome redirectv1.Outcome = 99

func unknownEnums(ctx context.Context, s *session) (failures []Failure, skipped string) {
	with := func(o redirectv1.Outcome) *redirectv1.DecideRequest {
		req := unknown()
		req.Attempts[1].Outcome = o
		return req
	}
	zero := s.ask(ctx, "an attempt with OUTCOME_UNSPECIFIED", with(redirectv1.Outcome_OUTCOME_UNSPECIFIED))
	return decidesOtherwise(zero, s.ask(ctx, "an attempt with outcome 99", with(unknownOutcome)), "with OUTCOME_UNSPECIFIED"), ""
}

func policyInfo(ctx context.Context, s *session) (failures []Failure, skipped string) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	info, err := s.rpc.GetPolicyInfo(ctx, &redirectv1.GetPolicyInfoRequest{})
	switch {
	case err != nil:
		return []Failure{{"GetPolicyInfo", clip(status.Code(err).String() + ": " + status.Convert(err).Message())}}, ""
	case info.GetName() == "":
		return []Failure{{"GetPolicyInfo", "name is empty"}}, ""
	}
	return nil, ""
}

func health(ctx context.Context, s *session) (failures []Failure, skipped string) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	const asked = "grpc.health.v1.Health/Check of the whole server"
	h, err := healthv1.NewHealthClient(s.Policy).Check(ctx, &healthv1.HealthCheckRequest{})
	switch {
	case err != nil:
		return []Failure{{asked, clip(status.Code(err).String() + ": " + status.Convert(err).Message())}}, ""
	case h.GetStatus() != healthv1.HealthCheckResponse_SERVING:
		return []Failure{{asked, h.GetStatus().String() + ": sipedge does not ask it"}}, ""
	}
	return nil, ""
}
