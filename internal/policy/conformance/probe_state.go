package conformance

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// again looks at what each question got when it was asked twice in succession.
func again(ctx context.Context, s *session) (failures []Failure, skipped string) {
	before := answered(s.corpus(ctx))
	for i, x := range s.again {
		failures = append(failures, differs(before[i], x, "the first time")...)
	}
	return failures, ""
}

func answered(all []*exchange) []*exchange {
	return slices.DeleteFunc(slices.Clone(all), func(x *exchange) bool { return x.err != nil })
}

func otherOrder(ctx context.Context, s *session) (failures []Failure, skipped string) {
	for _, before := range slices.Backward(answered(s.corpus(ctx))) {
		failures = append(failures, differs(before, s.ask(ctx, before.name, before.req), "in another order")...)
	}
	return failures, ""
}

// callsMixed asks the last question of each call, then the last but one of each,
// and so on.
func callsMixed(ctx context.Context, s *session) (failures []Failure, skipped string) {
	for _, before := range mixed(s.played(ctx)) {
		failures = append(failures, differs(before, s.ask(ctx, before.name, before.req), "in its call")...)
	}
	return failures, ""
}

func mixed(calls []*call) (all []*exchange) {
	for back := 1; ; back++ {
		found := false
		for _, c := range calls {
			if n := len(c.exchanges) - back; n >= 0 {
				found = true
				all = append(all, c.exchanges[n])
			}
		}
		if !found {
			return answered(all)
		}
	}
}

func replicas(ctx context.Context, s *session) (failures []Failure, skipped string) {
	if len(s.replicas) == 0 {
		return nil, "no replica was named"
	}
	for _, rpc := range s.replicas {
		for _, before := range slices.Concat(mixed(s.played(ctx)), answered(s.corpus(ctx))) {
			failures = append(failures, differs(before, s.askAt(ctx, rpc, before.name, before.req), "at the first replica")...)
		}
	}
	return failures, ""
}

func stateGarbage(ctx context.Context, s *session) (failures []Failure, skipped string) {
	garbage := [][]byte{
		{0},
		[]byte("not yours"), []byte("\xff\xfe\xfd"), []byte(`{"a":`), []byte("v1:"),
		slices.Repeat([]byte{0xff}, maxState), slices.Repeat([]byte{'{'}, maxState),
	}
	for _, c := range s.played(ctx) {
		for _, x := range c.exchanges {
			if own := x.resp.GetPolicyState(); len(own) > 1 {
				garbage = append(garbage, own[:len(own)/2], append(slices.Clone(own[1:]), own[0]))
				break
			}
		}
	}
	for _, state := range garbage {
		req := later(s.played(ctx))
		req.PolicyState = state
		x := s.ask(ctx, "a policy_state of somebody else", req)
		if x.err != nil && x.code() != codes.InvalidArgument {
			failures = append(failures, x.failure(clip(x.came())))
		}
	}
	return failures, ""
}

// later returns a question from the middle of a call.
func later(calls []*call) *redirectv1.DecideRequest {
	for _, c := range calls {
		if n := len(c.exchanges); n > 1 {
			return proto.CloneOf(c.exchanges[n/2].req)
		}
	}
	return nested("state")
}

func stateDropped(ctx context.Context, s *session) (failures []Failure, skipped string) {
	for _, c := range s.played(ctx) {
		for _, before := range c.exchanges[min(1, len(c.exchanges)):] {
			if before.err != nil {
				continue
			}
			req := proto.CloneOf(before.req)
			req.PolicyState = nil
			if x := s.ask(ctx, before.name+", policy_state dropped", req); x.err != nil {
				failures = append(failures, x.failure(x.came()))
			}
		}
	}
	return failures, ""
}

// inShadow is how many questions are asked again in the shadow of another policy.
const inShadow = 20

func shadow(ctx context.Context, s *session) (failures []Failure, skipped string) {
	all := answered(s.corpus(ctx))
	for _, before := range all[:min(inShadow, len(all))] {
		req := proto.CloneOf(before.req)
		if req.GetEdge() == nil {
			continue
		}
		req.Edge.Shadow = true
		failures = append(failures, decidesOtherwise(before, s.ask(ctx, before.name+", shadow", req), "without shadow")...)
	}
	return failures, ""
}
