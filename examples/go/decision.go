package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

const (
	version    = "1.0.0"
	maxTargets = 10
	maxURI     = 1000 // of a contact, so that an answer stays below the 64 KiB of the contract
)

// goesOn are the failures of a gateway that go on to the next one. 486 is not
// among them: who is busy is busy by every gateway. Nor are 401 and 407: the
// caller has to answer.
var goesOn = []*redirectv1.StatusRange{{First: 404, Last: 404}, {First: 408, Last: 408}, {First: 480, Last: 480}, {First: 500, Last: 599}}

var (
	number    = regexp.MustCompile(`(?i)^(?:sips?|tel):(?:\+|%2b)([0-9][-.()0-9]{0,31})(?:[;:@?][!-~]*)?$`)
	place     = regexp.MustCompile(`(?i)^sips?:[!-~]+$`)
	uri       = regexp.MustCompile(`(?i)^(sips?:)(?:([^@]*)@)?([^;?]*)([^?]*)`)
	transport = regexp.MustCompile(`(?i);transport=[^;]*`)
	escaped   = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

func isSIPS(uri string) bool { return len(uri) >= 5 && strings.EqualFold(uri[:5], "sips:") }

// parts returns where a URI leads, and its user, to compare them: RFC 3261
// section 19.1.4 without the rarer parameters. The edge compares to the letter.
func parts(text string) (gateway, user string) {
	m := uri.FindStringSubmatch(text)
	if m == nil {
		return text, ""
	}
	user = escaped.ReplaceAllStringFunc(m[2], func(s string) string {
		n, _ := strconv.ParseUint(s[1:], 16, 8) // two hexadecimal digits
		return string(rune(n))
	})
	return strings.ToLower(m[1] + m[3] + transport.FindString(m[4])), strings.ToLower(user)
}

func gatewayOf(uri string) string {
	gateway, _ := parts(uri)
	return gateway
}

func identity(t *redirectv1.Target) string {
	gateway, user := parts(t.GetUri())
	return strings.Join(append([]string{gateway, user, t.GetNextHop()}, t.GetRoutes()...), " ")
}

// isDown reports whether a gateway is down for the rest of the call.
func isDown(outcome redirectv1.Outcome) bool {
	return outcome == redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT ||
		outcome == redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR ||
		outcome == redirectv1.Outcome_OUTCOME_UNRESOLVABLE
}

// decision is one question on its way to an answer. All that it needs is in the
// question and in the routes: the next one about this call may go to another
// replica.
type decision struct {
	routes   *Routes
	question *redirectv1.DecideRequest
	limit    int
	secure   bool            // a call that came by SIPS, or was sent so, stays on SIPS
	seen     map[string]bool // identities of targets
	down     map[string]bool // gateways
	targets  []*redirectv1.Target
	verdicts []*redirectv1.ContactVerdict
	// Reasons of what is offered, and against what is not.
	took, missed []string
}

// decide answers a question that has a call, an event, and an attempt.
func decide(routes *Routes, q *redirectv1.DecideRequest) *redirectv1.DecideResponse {
	d := &decision{routes: routes, question: q, limit: maxTargets, seen: make(map[string]bool), down: make(map[string]bool)}
	for _, a := range q.GetAttempts() {
		d.seen[identity(a.GetTarget())] = true
		if isDown(a.GetOutcome()) {
			d.down[gatewayOf(a.GetTarget().GetUri())] = true
		}
	}
	last := q.GetAttempts()[len(q.GetAttempts())-1]
	d.secure = isSIPS(q.GetCall().GetRequestUri().GetText()) || isSIPS(last.GetTarget().GetUri())
	if e := q.GetEdge(); e != nil && e.AttemptsLeft != nil {
		d.limit = min(maxTargets, int(e.GetAttemptsLeft()))
	}
	switch event := q.GetEvent().(type) {
	case *redirectv1.DecideRequest_Redirect:
		return d.redirect(event.Redirect)
	case *redirectv1.DecideRequest_Failure:
		return d.failure(last)
	}
	return d.advice(q.GetAdvice().GetResponse().GetStatus())
}

// redirect decides a 3xx: its contacts by q, the highest first, those of the
// same q in their order, and then what an earlier answer has left.
func (d *decision) redirect(event *redirectv1.Redirect) *redirectv1.DecideResponse {
	status := event.GetResponse().GetStatus()
	followed := status >= 300 && status <= 302
	order := make([]int, len(event.GetContacts()))
	for i := range order {
		order[i] = i
	}
	q := func(i int) int {
		if c := event.GetContacts()[i]; c.QMilli != nil {
			return int(c.GetQMilli())
		}
		return 1000
	}
	slices.SortStableFunc(order, func(a, b int) int { return q(b) - q(a) })
	d.verdicts = make([]*redirectv1.ContactVerdict, len(order))
	for _, i := range order {
		ref := &redirectv1.ContactRef{Attempt: uint32(len(d.question.GetAttempts()) - 1), Index: uint32(i)}
		taken, text := false, fmt.Sprintf("a %d is not followed", status)
		if followed {
			taken, text = d.contact(event.GetContacts()[i], ref)
		}
		d.conclude(taken, text)
		d.verdicts[i] = &redirectv1.ContactVerdict{Contact: ref, Verdict: redirectv1.ContactVerdict_VERDICT_DROPPED, Rule: "least cost", Text: text}
		if taken {
			d.verdicts[i].Verdict = redirectv1.ContactVerdict_VERDICT_TAKEN
		}
	}
	if followed && len(order) == 0 { // it names nobody: the number that was called
		d.conclude(d.calledNumber())
	}
	d.offerRemaining()
	name := strconv.Itoa(int(status))
	if len(d.targets) > 0 {
		return d.tryTargets(name)
	}
	known := func(text string) bool { return !strings.HasPrefix(text, "no route") }
	if len(d.missed) > 0 && !slices.ContainsFunc(d.missed, known) {
		return d.reject(404, name+": "+d.nothing())
	}
	return d.reject(480, name+": "+d.nothing())
}

// failure decides what follows a target that failed. The edge asks, as
// consult_on_failure told it to.
func (d *decision) failure(last *redirectv1.Attempt) *redirectv1.DecideResponse {
	status, name := uint32(0), last.GetOutcome().String()
	if last.GetOutcome() == redirectv1.Outcome_OUTCOME_RESPONSE && last.GetResponse().GetStatus() != 0 {
		status = last.GetResponse().GetStatus()
		name = strconv.Itoa(int(status))
	}
	in := func(r *redirectv1.StatusRange) bool { return r.GetFirst() <= status && status <= r.GetLast() }
	if status != 0 && !slices.ContainsFunc(goesOn, in) {
		return d.passThrough(redirectv1.PassThrough_WHICH_BEST, status, name+" ends the search")
	}
	d.offerRemaining()
	if len(d.targets) > 0 {
		return d.tryTargets(name)
	}
	return d.passThrough(redirectv1.PassThrough_WHICH_BEST, status, name+": "+d.nothing())
}

// advice decides what follows a redirect server that had no contacts to give. A
// 6xx of it blocks the call, 401 and 407 are the caller's to answer; else the
// call goes on without it.
func (d *decision) advice(status uint32) *redirectv1.DecideResponse {
	name := strconv.Itoa(int(status))
	if status >= 600 || status == 401 || status == 407 {
		return d.passThrough(redirectv1.PassThrough_WHICH_REDIRECT, status, name+" is for the caller")
	}
	d.conclude(d.calledNumber())
	if len(d.targets) == 0 && slices.Contains(d.question.GetEdge().GetFeatures(), "onward") {
		if why := d.offer(&redirectv1.Target{Uri: d.question.GetCall().GetRequestUri().GetText(), NextHop: "onward"}, false); why != "" {
			d.conclude(false, why)
		} else {
			d.conclude(true, "onward")
		}
	}
	if len(d.targets) > 0 {
		return d.tryTargets(name)
	}
	return d.passThrough(redirectv1.PassThrough_WHICH_REDIRECT, status, name+": "+d.nothing())
}

// contact offers what a contact stands for, and says whether that is anything,
// and why.
func (d *decision) contact(c *redirectv1.Contact, ref *redirectv1.ContactRef) (taken bool, text string) {
	uri := c.GetUri().GetText()
	if c.GetUnreadable() != "" {
		return false, "the edge could not read it"
	}
	if len(uri) > maxURI {
		return false, fmt.Sprintf("longer than %d characters", maxURI)
	}
	if m := number.FindStringSubmatch(uri); m != nil {
		return d.number(m[1], ref, isSIPS(uri))
	}
	if !place.MatchString(uri) {
		return false, "neither a number with a + nor a SIP URI"
	}
	if why := d.offer(&redirectv1.Target{Uri: uri, Contact: ref}, false); why != "" {
		return false, why
	}
	return true, fmt.Sprintf("contact %d as it is", ref.GetIndex()+1)
}

func (d *decision) calledNumber() (taken bool, text string) {
	uri := d.question.GetCall().GetRequestUri().GetText()
	if m := number.FindStringSubmatch(uri); len(uri) <= maxURI && m != nil {
		return d.number(m[1], nil, false)
	}
	return false, "the Request-URI is no number"
}

// number offers the gateways for a number, the cheapest first.
func (d *decision) number(written string, ref *redirectv1.ContactRef, secure bool) (taken bool, text string) {
	digits := strings.NewReplacer("-", "", ".", "", "(", "", ")", "").Replace(written)
	text = "no route for +" + digits
	var by []string
	for _, route := range d.routes.Cheapest(digits) {
		scheme, host, _ := strings.Cut(route.Gateway, ":")
		why := d.offer(&redirectv1.Target{Uri: scheme + ":+" + digits + "@" + host, Label: route.Carrier, Contact: ref}, secure)
		if why == "" {
			by = append(by, route.Carrier+" at "+route.Written)
		} else {
			text = "+" + digits + " by " + route.Carrier + ": " + why
		}
	}
	if len(by) > 0 {
		return true, "+" + digits + " by " + strings.Join(by, ", ")
	}
	return false, text
}

// offerRemaining offers again what the answer before has left: this one
// replaces it.
func (d *decision) offerRemaining() {
	before := len(d.targets)
	for _, t := range d.question.GetRemaining() {
		d.offer(t, false)
	}
	if n := len(d.targets) - before; n > 0 {
		d.conclude(true, fmt.Sprintf("%d from before", n))
	}
}

// offer adds a target to the answer, or says why it is none.
func (d *decision) offer(t *redirectv1.Target, secure bool) (why string) {
	switch id := identity(t); {
	case (d.secure || secure) && !isSIPS(t.GetUri()):
		return "never from SIPS to SIP"
	case d.seen[id]:
		return "tried or offered already"
	case d.down[gatewayOf(t.GetUri())]:
		return "down in this call"
	case len(d.targets) >= d.limit:
		return "no attempt is left"
	default:
		d.seen[id] = true
		d.targets = append(d.targets, t)
		return ""
	}
}

func (d *decision) conclude(taken bool, text string) {
	if taken {
		d.took = append(d.took, text)
	} else {
		d.missed = append(d.missed, text)
	}
}

// can reports whether the edge has a feature. One that names no feature at all
// has not said what it can do.
func (d *decision) can(feature string) bool {
	features := d.question.GetEdge().GetFeatures()
	return len(features) == 0 || slices.Contains(features, feature)
}

func (d *decision) nothing() string {
	if len(d.missed) > 0 {
		return "nothing to try, " + d.missed[0]
	}
	return "nothing to try"
}

func (d *decision) explain(rule, text string) *redirectv1.Explanation {
	return &redirectv1.Explanation{Rule: rule, Text: text, PolicyVersion: version, ConfigRevision: d.routes.Revision, Contacts: d.verdicts}
}

func (d *decision) tryTargets(seen string) *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets:             d.targets,
			ConsultOnFailure:    d.can("consult_on_failure"),
			Advance:             &redirectv1.AdvanceRule{Statuses: goesOn, Timeout: true, TransportError: true},
			Exhausted:           &redirectv1.FinalResponse{Status: 480},
			ExhaustedOnlyIfNone: true, // else the caller gets the best response there was
		}},
		Explanation: d.explain("least cost", seen+": "+strings.Join(d.took, "; ")),
	}
}

func (d *decision) reject(status uint32, text string) *redirectv1.DecideResponse {
	if status < 400 || status > 699 || (status == 408 && d.question.GetCall().GetMethod() != "INVITE") {
		status = 480 // a 408 is for INVITE only (RFC 4320)
	}
	return &redirectv1.DecideResponse{
		Action:      &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: status}},
		Explanation: d.explain("no target", text),
	}
}

func (d *decision) passThrough(which redirectv1.PassThrough_Which, status uint32, text string) *redirectv1.DecideResponse {
	if !d.can("pass_through") {
		return d.reject(status, text)
	}
	return &redirectv1.DecideResponse{
		Action:      &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{Which: which}},
		Explanation: d.explain("pass through", text),
	}
}
