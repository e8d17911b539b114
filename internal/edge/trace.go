package edge

import (
	"context"
	"net/netip"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// callTrace is the trace of a redirected call: a span of its own, and one for each
// question to a policy and for each attempt. It begins with the first redirect, as
// the notes do: a call that has none has no trace. What a span says comes from the
// same facts as the record, when they are known: attempts get theirs when the call
// ends. A nil one is no trace.
type callTrace struct {
	call     trace.Span
	decision trace.Span // of the question that is being asked; nil if none is
}

// beginTrace is called when a call is redirected, before that is asked about.
func (rc *responseContext) beginTrace() {
	if rc.edge.tracer == nil || rc.trace != nil {
		return
	}
	_, span := rc.edge.tracer.Start(rc.edge.ctx, "redirected call",
		trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(rc.receivedAt))
	rc.trace = &callTrace{call: span}
}

// id returns what the call is found by among traces, "" if it is not sampled.
func (t *callTrace) id() string {
	if t == nil || !t.call.SpanContext().IsSampled() {
		return ""
	}
	return t.call.SpanContext().TraceID().String()
}

// child begins a span within that of the call.
func (rc *responseContext) child(name string, kind trace.SpanKind, began time.Time) trace.Span {
	_, span := rc.edge.tracer.Start(trace.ContextWithSpan(rc.edge.ctx, rc.trace.call), name,
		trace.WithSpanKind(kind), trace.WithTimestamp(began))
	return span
}

// traceQuestion begins the span of a decision.
func (rc *responseContext) traceQuestion(q *redirectv1.DecideRequest, remote bool) {
	if rc.trace == nil || !rc.trace.call.IsRecording() {
		return
	}
	span := rc.child("decision", trace.SpanKindInternal, rc.edge.now())
	rc.trace.decision = span
	event, asked := callrecord.EventRedirect, callrecord.WhoEmbedded
	switch {
	case q.GetFailure() != nil:
		event = callrecord.EventFailure
	case q.GetAdvice() != nil:
		event = callrecord.EventAdvice
	}
	if remote {
		asked = callrecord.WhoRemote
	}
	span.SetAttributes(
		attribute.String("decision.event", string(event)),
		attribute.Int("decision.attempt", len(rc.attempts)-1),
		attribute.String("decision.request_id", q.GetRequestId()),
		attribute.String("decision.asked", string(asked)),
	)
}

// questionContext is the context that a policy is asked in: its own spans belong
// to that of the decision. If the call is not sampled, it says that, so that nobody
// else begins a trace of half a call.
func (rc *responseContext) questionContext() context.Context {
	switch {
	case rc.trace == nil:
		return rc.edge.ctx
	case rc.trace.decision == nil:
		return trace.ContextWithSpan(rc.edge.ctx, rc.trace.call)
	}
	return trace.ContextWithSpan(rc.edge.ctx, rc.trace.decision)
}

// traceAnswer ends the span of a decision with what the policy says, and with an
// event for what it says of each contact.
func (rc *responseContext) traceAnswer(answer *redirectv1.DecideResponse) {
	span := rc.trace.take()
	if span == nil {
		return
	}
	now := rc.edge.now()
	defer span.End(trace.WithTimestamp(now))
	r, x := rc.edge.traced(), answer.GetExplanation()
	switch action := answer.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		span.SetAttributes(attribute.String("decision.action", string(callrecord.ActionTryTargets)),
			attribute.Int("decision.targets", len(action.TryTargets.GetTargets())))
	case *redirectv1.DecideResponse_Reject:
		span.SetAttributes(attribute.String("decision.action", string(callrecord.ActionReject)),
			attribute.Int("decision.status_code", int(action.Reject.GetStatus())))
	case *redirectv1.DecideResponse_PassThrough:
		span.SetAttributes(attribute.String("decision.action", string(callrecord.ActionPassThrough)))
	}
	span.SetAttributes(r.texts(
		text{"decision.rule", x.GetRule()}, text{"decision.why", x.GetText()},
		text{"decision.policy_version", x.GetPolicyVersion()}, text{"decision.config_revision", x.GetConfigRevision()},
	)...)
	for _, v := range x.GetContacts()[:min(len(x.GetContacts()), sipcontract.MaxContacts)] {
		span.AddEvent("contact", trace.WithTimestamp(now), trace.WithAttributes(rc.tracedVerdict(r, v)...))
	}
}

func (rc *responseContext) tracedVerdict(r traced, v *redirectv1.ContactVerdict) []attribute.KeyValue {
	attempt, n := int(v.GetContact().GetAttempt()), int(v.GetContact().GetIndex())
	attrs := append(r.texts(text{"contact.rule", v.GetRule()}, text{"contact.why", v.GetText()}),
		attribute.Int("contact.attempt", attempt), attribute.Int("contact.n", n),
		attribute.String("contact.verdict", string(verdictLabel(v.GetVerdict()))))
	if contacts := rc.contacts[attempt]; n < len(contacts) {
		attrs = append(attrs, attribute.String("contact.uri", r.uri(contacts[n].GetUri().GetText())))
	}
	return attrs
}

// traceNoDecision ends the span of a decision that is none.
func (rc *responseContext) traceNoDecision(reason, detail string) {
	span := rc.trace.take()
	if span == nil {
		return
	}
	span.SetAttributes(rc.edge.traced().texts(text{"decision.no_decision", reason}, text{"decision.detail", detail})...)
	span.SetStatus(codes.Error, "no decision: "+reason)
	span.End(trace.WithTimestamp(rc.edge.now()))
}

// take returns the span of the question that is being asked, for its end; nil if
// there is none.
func (t *callTrace) take() trace.Span {
	if t == nil {
		return nil
	}
	span := t.decision
	t.decision = nil
	return span
}

// giveUp ends the span of a question that the call has ended before. As in the
// record, that is its end also if nobody has waited for the answer since a CANCEL.
func (t *callTrace) giveUp() {
	if span := t.take(); span != nil {
		span.SetAttributes(attribute.String("decision.no_decision", string(callrecord.NoDecisionOver)))
		span.End()
	}
}

// endTrace ends the span of the call, after those of its attempts. sent are the
// bytes of the final response, nil if there is none.
func (rc *responseContext) endTrace(sent []byte, result callrecord.Result, why string) {
	if rc.trace == nil {
		return
	}
	rc.trace.giveUp()
	span, now := rc.trace.call, rc.edge.now()
	defer span.End(trace.WithTimestamp(now))
	if !span.IsRecording() {
		return
	}
	r := rc.edge.traced()
	for i, a := range rc.attempts {
		rc.traceAttempt(r, i, a, now)
	}
	span.SetAttributes(rc.tracedRequest(r)...)
	span.SetAttributes(r.texts(
		text{"sipedge.result", string(result)}, text{"sipedge.why", why},
	)...)
	if rc.cancelled {
		span.SetAttributes(attribute.Bool("sip.cancelled", true), attribute.StringSlice("sip.cancel_reasons", r.each(r.text, rc.reasons)))
	}
	status := 0
	if sent != nil {
		var reason string
		status, reason = statusLine(sent)
		span.SetAttributes(attribute.Int("sip.status_code", status), attribute.String("sip.reason", r.text(reason)))
	}
	if status == 0 || isServerFault(status) || result == callrecord.ResultFailed {
		span.SetStatus(codes.Error, r.text(why))
	}
}

func isServerFault(status int) bool { return status >= 500 && status < 600 }

func (rc *responseContext) tracedRequest(r traced) []attribute.KeyValue {
	m := rc.request
	return append(append(r.texts(
		text{"sip.call_id", rc.callID}, text{"sip.method", rc.method}, text{"sip.transport", rc.upstream.Kind.String()},
		text{"sipedge.trunk", rc.in.trunkName()}, text{"sipedge.profile", rc.edge.profile(rc.in)},
		text{"sipedge.instance", rc.edge.cfg.Instance}, text{"sipedge.zone", rc.edge.cfg.Zone},
		text{"sipedge.record_id", rc.recordID()},
	), r.peer(rc.source)...),
		attribute.String("sip.request_uri", r.uri(sipcontract.URIText(m.RequestURI()))),
		attribute.String("sip.from", r.uri(recordedURI(m.From()))), attribute.String("sip.to", r.uri(recordedURI(m.To()))),
	)
}

// traceAttempt makes the span of an attempt, from when it was sent for the last
// time, if to several addresses, to its end.
func (rc *responseContext) traceAttempt(r traced, n int, a *redirectv1.Attempt, now time.Time) {
	began := a.GetStartedAt().AsTime()
	span := rc.child("attempt", trace.SpanKindClient, began)
	t, ended, outcome := a.GetTarget(), now, string(callrecord.OutcomePending)
	if a.GetDuration() != nil {
		ended = began.Add(a.GetDuration().AsDuration())
	}
	defer span.End(trace.WithTimestamp(ended))
	if o := a.GetOutcome(); o != redirectv1.Outcome_OUTCOME_UNSPECIFIED {
		outcome = outcomeLabel(o)
	}
	status := int(a.GetResponse().GetStatus())
	span.SetAttributes(
		attribute.Int("attempt.n", n),
		attribute.String("attempt.outcome", outcome),
		attribute.String("sip.request_uri", r.uri(t.GetUri())),
	)
	span.SetAttributes(r.texts(
		text{"attempt.label", t.GetLabel()}, text{"attempt.detail", a.GetDetail()}, text{"sipedge.trunk", a.GetTrunk()},
		text{"sip.reason", a.GetResponse().GetReasonPhrase()},
	)...)
	if hop := t.GetNextHop(); hop != "" {
		span.SetAttributes(attribute.String("attempt.next_hop", r.uri(hop)))
	}
	if routes := t.GetRoutes(); len(routes) > 0 {
		span.SetAttributes(attribute.StringSlice("attempt.routes", r.each(r.uri, routes)))
	}
	if c := t.GetContact(); c != nil {
		span.SetAttributes(attribute.Int("attempt.contact.attempt", int(c.GetAttempt())), attribute.Int("attempt.contact.n", int(c.GetIndex())))
	}
	if addr, err := netip.ParseAddrPort(a.GetDestinationAddress()); err == nil { // else it was not sent
		span.SetAttributes(r.peer(addr)...)
	}
	if p := a.GetProvisionalStatus(); p > 0 {
		span.SetAttributes(attribute.Int("sip.provisional_status_code", int(p)), attribute.Bool("attempt.rang", a.GetRang()))
	}
	if status > 0 {
		span.SetAttributes(attribute.Int("sip.status_code", status))
	}
	switch {
	case isServerFault(status):
		span.SetStatus(codes.Error, "")
	case outcome != "response" && outcome != "pending":
		span.SetStatus(codes.Error, outcome)
	}
}
