package demo

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// Who decides.
const (
	byRedirectd = "redirectd"
	byEmbedded  = "embedded policy"
)

// decision is one question that an edge asked, and what came of it.
type decision struct {
	by       string
	asked    time.Time // by the wall clock, as datagrams are
	answered time.Time
	took     time.Duration
	request  *redirectv1.DecideRequest
	response *redirectv1.DecideResponse // nil if err is not
	err      error
}

// minutes keep every decision of the demo. Safe for concurrent use.
type minutes struct {
	mu        sync.Mutex
	decisions []decision
}

// around records what is asked of a policy and what it answers.
func (m *minutes) around(by string, p policy.Policy) policy.Policy {
	return policy.Func(func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		asked := time.Now()
		resp, err := p.Decide(ctx, req)
		d := decision{
			by: by, asked: asked.Round(0), answered: wallClock(), took: time.Since(asked),
			request: proto.CloneOf(req), err: err,
		}
		if err == nil {
			d.response = proto.CloneOf(resp)
		}
		m.mu.Lock()
		m.decisions = append(m.decisions, d)
		m.mu.Unlock()
		return resp, err
	})
}

// of returns the decisions about one call.
func (m *minutes) of(callID string) []decision {
	m.mu.Lock()
	defer m.mu.Unlock()
	var of []decision
	for _, d := range m.decisions {
		if d.request.GetCall().GetCallId() == callID {
			of = append(of, d)
		}
	}
	return of
}
