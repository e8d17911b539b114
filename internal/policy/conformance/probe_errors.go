package conformance

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
)

// undecidable are questions that have no decision, and the status that says so.
type undecidable struct {
	code      codes.Code
	questions func() []question
}

var (
	unknownProfile = undecidable{codes.FailedPrecondition, unknownProfiles}
	nonsense       = undecidable{codes.InvalidArgument, nonsensical}
)

// refusedWith looks for refusals with another status.
func refusedWith(u undecidable) func(context.Context, *session) ([]Failure, string) {
	return func(ctx context.Context, s *session) (failures []Failure, skipped string) {
		for _, q := range u.questions() {
			if x := s.ask(ctx, q.name, q.req); x.err != nil && x.code() != u.code {
				failures = append(failures, Failure{q.name, fmt.Sprintf("%s; want the status %s", x.came(), u.code)})
			}
		}
		return failures, ""
	}
}

// refused looks for answers to what should have none.
func refused(u undecidable) func(context.Context, *session) ([]Failure, string) {
	return func(ctx context.Context, s *session) (failures []Failure, skipped string) {
		for _, q := range u.questions() {
			if x := s.ask(ctx, q.name, q.req); x.err == nil {
				failures = append(failures, Failure{q.name, fmt.Sprintf("it is decided: %s", x.came())})
			}
		}
		return failures, ""
	}
}
