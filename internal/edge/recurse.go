package edge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/policy"
)

// question is what is being put to the policy, and the failure it may be about.
type question struct {
	request *redirectv1.DecideRequest
	branch  *branch            // the attempt that brought the event; nil if it was refused
	outcome redirectv1.Outcome // of that attempt, if the event is a failure
	status  int
}

func (q *question) isFailure() bool { return q.request.GetFailure() != nil }

// redirected takes a 3xx (16.7 step 4).
func (rc *responseContext) redirected(b *branch, m *message.Message) {
	rc.edge.metrics.redirects.WithLabelValues(redirectLabel(m.Status())).Inc()
	if why := rc.mayNotRecurse(); why != "" {
		rc.relayFinal(m, why)
		return
	}
	if b.attempt > 0 && rc.in.trunk != nil && rc.in.trunk.RecurseFrom == RecurseFromNextHop {
		rc.notFollowed(b, m)
		return
	}
	rc.beginNotes()
	rc.beginTrace()
	rc.redirectedFrom, rc.redirectStatus, rc.redirect = b.attempt, m.Status(), m.Clone()
	event := rc.redirectProto(b, m)
	if limit := rc.limits().Nesting; b.target.depth >= limit {
		rc.edge.metrics.refused.WithLabelValues("nesting").Inc()
		rc.edge.log.Info("redirect refused", "call_id", rc.callID, "reason", "nesting", "limit", limit)
		rc.notes.unasked(b, callrecord.NotAskedNesting)
		rc.nextTarget()
		return
	}
	rc.ask(&question{request: rc.aboutRedirect(event), branch: b})
}

// notFollowed takes a 3xx of a target on a trunk that follows only those of its
// next hop: the target has failed, with the status that stands for that 3xx.
func (rc *responseContext) notFollowed(b *branch, m *message.Message) {
	rc.edge.metrics.refused.WithLabelValues("recurse_from").Inc()
	rc.noteUnasked(b, m, callrecord.NotAskedRecurseFrom)
	status := decision.Mapped(m.Status())
	rc.best.consider(status, nil)
	rc.afterFailure(b, redirectv1.Outcome_OUTCOME_RESPONSE, status)
}

// mayNotRecurse returns why a 3xx is not the edge's business: then it goes
// upstream unchanged, and no policy is asked.
func (rc *responseContext) mayNotRecurse() string {
	if rc.in.inDialog { // 16.5: the edge is not responsible for that Request-URI
		return "3xx within a dialog"
	}
	for _, directive := range rc.request.Values("Request-Disposition") { // RFC 3841 section 9.1
		if strings.EqualFold(directive, "no-recurse") {
			return "the caller asked for no-recurse"
		}
	}
	return ""
}

// ask puts a question to the policy. The embedded one is called inline. A remote
// one gets a goroutine, of which there is a limited number: none left means no
// decision, at once.
func (rc *responseContext) ask(q *question) {
	rc.supersede()
	rc.question = q
	rc.noteQuestion(q)
	rc.traceQuestion(q.request, rc.edge.policy != nil)
	e := rc.edge
	if e.policy == nil {
		rc.decideEmbedded(q)
		return
	}
	select {
	case e.decisions <- struct{}{}:
	default:
		rc.noDecision("limit", "too many decisions are outstanding (limits.decisions)")
		return
	}
	timeout := e.cfg.Policy.Timeout
	if rc.memory == nil {
		rc.memory = &policy.Memory{}
	}
	ctx, cancel := context.WithTimeout(policy.WithMemory(rc.questionContext(), rc.memory), timeout)
	generation := rc.generation
	rc.abort, rc.waitingFor = cancel, "policy"
	rc.decideBy = e.now().Add(timeout + 50*time.Millisecond) // a policy that ignores its deadline
	e.wg.Go(func() {
		defer e.survive()
		defer func() { <-e.decisions }()
		defer cancel()
		began := e.now()
		answer, err := ask(ctx, e.policy, q.request)
		e.metrics.decisionSeconds.Observe(e.now().Sub(began).Seconds())
		rc.mu.Lock()
		defer rc.leave()
		if !rc.final && rc.generation == generation {
			rc.decided(answer, err)
		}
	})
}

// decideEmbedded asks the built-in policy.
func (rc *responseContext) decideEmbedded(q *question) {
	began := rc.edge.now()
	answer, err := ask(rc.questionContext(), rc.edge.embedded, q.request)
	rc.edge.metrics.decisionSeconds.Observe(rc.edge.now().Sub(began).Seconds())
	rc.decided(answer, err)
}

// ask turns a panic of a policy into an error.
func ask(ctx context.Context, p policy.Policy, req *redirectv1.DecideRequest) (answer *redirectv1.DecideResponse, err error) {
	defer func() {
		if v := recover(); v != nil {
			answer, err = nil, fmt.Errorf("policy panicked: %v", v)
		}
	}()
	return p.Decide(ctx, req)
}

// decided takes an answer of a policy, if it is one.
func (rc *responseContext) decided(answer *redirectv1.DecideResponse, err error) {
	if err != nil {
		reason := "error"
		if errors.Is(err, context.DeadlineExceeded) {
			reason = "timeout"
		}
		rc.noDecision(reason, err.Error())
		return
	}
	if err := decision.Check(answer, rc.method); err != nil {
		rc.noDecision("invalid", err.Error())
		return
	}
	q := rc.question
	rc.noteAnswer(answer)
	rc.traceAnswer(answer)
	rc.supersede()
	rc.policyState = answer.GetPolicyState()
	if text := answer.GetExplanation().GetText(); text != "" {
		rc.explanations = append(rc.explanations, text)
	}
	rc.apply(q, answer)
}

// apply does what a decision says.
func (rc *responseContext) apply(q *question, answer *redirectv1.DecideResponse) {
	metric := rc.edge.metrics.decisions
	switch action := answer.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		metric.WithLabelValues("try_targets").Inc()
		rc.decision = action.TryTargets
		rc.remaining = action.TryTargets.GetTargets()
		rc.nextTarget()
	case *redirectv1.DecideResponse_Reject:
		metric.WithLabelValues("reject").Inc()
		rc.reject(action.Reject, "rejected by the policy")
	case *redirectv1.DecideResponse_PassThrough:
		metric.WithLabelValues("pass_through").Inc()
		rc.passThrough(q, action.PassThrough)
	}
}

// passThrough sends a response that was received upstream.
func (rc *responseContext) passThrough(q *question, p *redirectv1.PassThrough) {
	m := rc.redirect
	if p.GetWhich() == redirectv1.PassThrough_WHICH_BEST ||
		p.GetWhich() != redirectv1.PassThrough_WHICH_REDIRECT && q.isFailure() {
		m = rc.best.m
	}
	if m == nil || m.ViaCount() < 2 {
		rc.finishBest("passed through by the policy")
		return
	}
	if m.Status() == 503 { // 16.7 step 6: the next one up would not try us again
		rc.reject(&redirectv1.FinalResponse{Status: 500, HeaderOps: p.GetHeaderOps()}, "a 503 is not passed through")
		return
	}
	rc.notes.relays(m)
	edit := m.Edit()
	edit.PopVia()
	if kept := p.GetContactIndexes(); len(kept) > 0 && m == rc.redirect {
		indexes := make([]int, len(kept))
		for i, k := range kept {
			indexes[i] = int(k)
		}
		edit.KeepContacts(indexes)
	}
	if rc.upstream.Kind.Reliable() {
		edit.EnsureContentLength()
	}
	for _, h := range rc.otherChallenges(m) {
		edit.Add(h.Name, h.Value)
	}
	rc.applyOps(edit, p.GetHeaderOps(), nil)
	b := edit.Bytes(nil)
	if len(b) > message.MaxSize {
		rc.edge.log.Warn("header operations dropped", "call_id", rc.callID, "reason", "the response would be too big", "bytes", len(b))
		rc.relayFinal(m, "passed through by the policy")
		return
	}
	rc.finish(m.Status(), b, "passed through by the policy")
}

// noDecision goes on without an answer of the policy.
func (rc *responseContext) noDecision(reason, detail string) {
	q := rc.question
	rc.traceNoDecision(reason, detail)
	rc.supersede()
	rc.edge.metrics.noDecision.WithLabelValues(reason).Inc()
	rc.edge.log.Warn("no decision", "call_id", rc.callID, "reason", reason, "detail", detail,
		"on_unavailable", string(rc.edge.cfg.Policy.OnUnavailable))
	rc.explanations = append(rc.explanations, "no decision: "+reason)
	rc.noteNoDecision(reason, detail)
	switch {
	case q.isFailure():
		rc.notes.fallback(callrecord.FallbackAdvance)
		rc.advance(q.branch, q.outcome, q.status)
	case len(rc.remaining) > 0: // a nested 3xx
		rc.notes.fallback(callrecord.FallbackRemaining)
		rc.nextTarget()
	default:
		rc.unavailable(q)
	}
}

// unavailable does what the configuration says when a 3xx can't be decided.
func (rc *responseContext) unavailable(q *question) {
	rc.notes.fallback(callrecord.Fallback(rc.edge.cfg.Policy.OnUnavailable))
	if q.request.GetAdvice() != nil && rc.edge.cfg.Policy.OnUnavailable == Map {
		rc.passThrough(q, nil)
		return
	}
	switch rc.edge.cfg.Policy.OnUnavailable {
	case PassThrough:
		rc.passThrough(q, nil)
		return
	case Embedded:
		request := proto.CloneOf(q.request) // a policy that ignores its deadline may still read it
		request.PolicyState = nil           // it is another policy's
		rc.traceQuestion(request, false)
		answer, err := ask(rc.questionContext(), rc.edge.embedded, request)
		if err == nil {
			err = decision.Check(answer, rc.method)
		}
		if err == nil {
			rc.traceAnswer(answer)
			rc.policyState = nil
			rc.notes.answer(answer)
			rc.apply(q, answer)
			return
		}
		rc.traceNoDecision("error", err.Error())
		rc.notes.fallback(callrecord.FallbackMap)
	case Map:
	}
	rc.respondFor(decision.Mapped(rc.redirectStatus), "", "no decision of the policy")
}

// redirectLabel bounds the values of a metric's label.
func redirectLabel(status int) string {
	if status >= 400 {
		return "advice"
	}
	switch status {
	case 300:
		return "300"
	case 301:
		return "301"
	case 302:
		return "302"
	case 305:
		return "305"
	case 380:
		return "380"
	}
	return "other"
}
