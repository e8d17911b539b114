package edge

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// beginAttempt enters a target into the record of attempts.
func (rc *responseContext) beginAttempt(t *target) {
	rc.tried = append(rc.tried, t)
	a := &redirectv1.Attempt{Target: t.proto, StartedAt: timestamp(rc.edge.now())}
	if len(rc.attempts) == 0 {
		a.Trunk = rc.in.trunkName()
	}
	rc.attempts = append(rc.attempts, a)
}

// refuse enters a target that the edge does not try.
func (rc *responseContext) refuse(t *target, why *refused) {
	rc.edge.metrics.refused.WithLabelValues(why.reason).Inc()
	rc.edge.log.Info("target refused", "call_id", rc.callID, "target", t.proto.GetUri(), "reason", why.reason, "detail", why.text)
	rc.beginAttempt(t)
	a := rc.attempts[len(rc.attempts)-1]
	a.Outcome, a.Detail, a.Duration = redirectv1.Outcome_OUTCOME_REFUSED, why.text, &durationpb.Duration{}
}

// sawProvisional notes a provisional response in the record.
func (rc *responseContext) sawProvisional(b *branch, status int) {
	if rc.final {
		return
	}
	a := rc.attempts[b.attempt]
	a.ProvisionalStatus = max(a.ProvisionalStatus, uint32(status))
	a.Rang = a.Rang || status == 180 || status == 183
}

// endAttempt enters the outcome of an attempt into the record.
func (rc *responseContext) endAttempt(b *branch, outcome redirectv1.Outcome, m *message.Message, detail string) {
	a := rc.attempts[b.attempt]
	a.Outcome, a.Detail = outcome, sipcontract.Text(detail)
	a.Duration = durationpb.New(rc.edge.now().Sub(a.StartedAt.AsTime()))
	if m != nil {
		a.Response = sipcontract.Response(m, b.flow.Remote.String(), rc.shown)
	}
	rc.edge.metrics.outcomes.WithLabelValues(outcomeLabel(outcome)).Inc()
}

func timestamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }

func outcomeLabel(o redirectv1.Outcome) string {
	switch o {
	case redirectv1.Outcome_OUTCOME_RESPONSE:
		return "response"
	case redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT:
		return "response_timeout"
	case redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT:
		return "answer_timeout"
	case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR:
		return "transport_error"
	case redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
		return "unresolvable"
	case redirectv1.Outcome_OUTCOME_REFUSED:
		return "refused"
	case redirectv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return "unknown"
}
