package edge

import (
	"log/slog"
	"strconv"
	"strings"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// logCall writes the one line of a redirected call: every attempt, and what went
// upstream.
func (rc *responseContext) logCall(status int, why string) {
	if rc.redirectStatus == 0 {
		return
	}
	rc.edge.metrics.redirectedSeconds.Observe(rc.edge.now().Sub(rc.receivedAt).Seconds())
	if !rc.edge.log.Enabled(rc.edge.ctx, slog.LevelInfo) {
		return
	}
	attempts := make([]string, len(rc.attempts))
	for i, a := range rc.attempts {
		attempts[i] = describeAttempt(a)
	}
	line := []any{
		"call_id", rc.callID, "method", rc.method, "source", rc.source.String(),
		"trunk", rc.in.trunkName(), "profile", rc.edge.profile(rc.in),
		"attempts", attempts, "status", status, "why", why, "decisions", rc.explanations,
		"cancelled", rc.cancelled, "duration", rc.edge.now().Sub(rc.receivedAt).Round(time.Microsecond),
	}
	if id := rc.trace.id(); id != "" {
		line = append(line, "trace_id", id)
	}
	rc.edge.log.Info("redirected call", line...)
}

// describeAttempt says what became of an attempt:
// "sip:bob@192.0.2.7:5060 486 Busy Here in 12ms".
func describeAttempt(a *redirectv1.Attempt) string {
	var b strings.Builder
	b.WriteString(a.GetTarget().GetUri())
	if hop := a.GetTarget().GetNextHop(); hop != "" {
		b.WriteString(" via " + hop)
	} else if routes := a.GetTarget().GetRoutes(); len(routes) > 0 {
		b.WriteString(" via " + strings.Join(routes, ", "))
	}
	b.WriteByte(' ')
	switch r := a.GetResponse(); {
	case r != nil:
		b.WriteString(strconv.Itoa(int(r.GetStatus())) + " " + r.GetReasonPhrase())
	case a.GetOutcome() == redirectv1.Outcome_OUTCOME_UNSPECIFIED:
		b.WriteString("pending")
	default:
		b.WriteString(outcomeLabel(a.GetOutcome()))
		if a.GetDetail() != "" {
			b.WriteString(" (" + a.GetDetail() + ")")
		}
	}
	if d := a.GetDuration(); d != nil {
		b.WriteString(" in " + d.AsDuration().Round(time.Microsecond).String())
	}
	return b.String()
}
