package edge

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// recordCall makes the record of a redirected call. sent are the bytes of the
// final response, nil if there is none: what they say is what is recorded.
func (rc *responseContext) recordCall(sent []byte, result callrecord.Result, why string) {
	if rc.notes == nil || rc.redirectStatus == 0 {
		return
	}
	rc.recorded = true
	now := rc.edge.now()
	rc.edge.records.Add(&callrecord.Call{
		Kind: callrecord.KindCall, Schema: callrecord.Schema, ID: rc.recordID(), Time: callrecord.At(now),
		Edge:    callrecord.Edge{Instance: rc.edge.cfg.Instance, Zone: rc.edge.cfg.Zone, Version: rc.edge.version},
		Call:    rc.recordedRequest(),
		Trunk:   rc.in.trunkName(),
		Profile: rc.edge.profile(rc.in), Redirects: rc.recordedRedirects(), Decisions: rc.recordedDecisions(), Attempts: rc.recordedAttempts(),
		Cancelled: rc.cancelled, CancelReasons: slices.Clone(rc.reasons),
		Final: rc.recordedFinal(sent, result, now, why),
	})
}

// recordLate makes the record of a 2xx that went upstream after the final response
// of a call that has a record, the first time that its attempt brings one.
func (rc *responseContext) recordLate(b *branch, m *message.Message, result callrecord.Result) {
	if !rc.recorded || b.answered {
		return
	}
	b.answered = true
	rc.edge.records.Add(&callrecord.Late{
		Kind: callrecord.KindLate, Schema: callrecord.Schema, ID: rc.recordID(), Time: callrecord.At(rc.edge.now()),
		CallID: rc.callID, Attempt: b.attempt, Address: b.flow.Remote.String(),
		Status: m.Status(), Reason: m.ReasonPhrase(), Result: result,
	})
}

// recordID is what the request_id of every question about the call begins with.
func (rc *responseContext) recordID() string { return strconv.FormatUint(rc.id, 36) }

func (rc *responseContext) recordedRequest() callrecord.Request {
	m := rc.request
	return callrecord.Request{
		CallID: rc.callID, FromTag: m.FromTag(), Method: rc.method,
		RequestURI: sipcontract.URIText(m.RequestURI()), From: recordedURI(m.From()), To: recordedURI(m.To()),
		Source: rc.source.String(), Transport: callrecord.Transport(rc.upstream.Kind.String()), ReceivedAt: callrecord.At(rc.receivedAt),
	}
}

// recordedURI is the URI of a From or To, or the value if it has none.
func recordedURI(value string) string {
	if n, err := message.ParseNameAddr(value); err == nil {
		value = n.URI
	}
	return sipcontract.URIText(value)
}

func (rc *responseContext) recordedFinal(sent []byte, result callrecord.Result, at time.Time, why string) callrecord.Final {
	f := callrecord.Final{Result: result, At: callrecord.At(at), DurationMS: callrecord.Milliseconds(at.Sub(rc.receivedAt)), Why: why}
	if sent != nil {
		f.Status, f.Reason = statusLine(sent)
		f.Attempt = rc.notes.relayed
	}
	return f
}

// statusLine reads the first line of a response that we sent (7.2).
func statusLine(sent []byte) (status int, reason string) {
	line, _, _ := bytes.Cut(sent, []byte("\r\n"))
	_, line, _ = bytes.Cut(line, []byte(" "))
	code, phrase, _ := bytes.Cut(line, []byte(" "))
	status, _ = strconv.Atoi(string(code)) // it was one when it was parsed, or made
	return status, string(phrase)
}

func (rc *responseContext) recordedDecisions() []callrecord.Decision {
	decisions := make([]callrecord.Decision, len(rc.notes.decisions))
	for i := range decisions {
		d := &rc.notes.decisions[i]
		if !d.over { // the call ended first
			rc.end(d)
			d.NoDecision = callrecord.NoDecisionOver
		}
		decisions[i] = d.Decision
	}
	return decisions
}

func (rc *responseContext) recordedAttempts() []callrecord.Attempt {
	attempts := make([]callrecord.Attempt, len(rc.attempts))
	for i, a := range rc.attempts {
		attempts[i] = recordedAttempt(i, a)
		attempts[i].Late = rc.notes.late[i]
	}
	return attempts
}

func recordedAttempt(n int, a *redirectv1.Attempt) callrecord.Attempt {
	t := a.GetTarget()
	r := callrecord.Attempt{
		N: n, URI: t.GetUri(), Routes: slices.Clone(t.GetRoutes()), NextHop: t.GetNextHop(), Label: t.GetLabel(),
		Address: a.GetDestinationAddress(), Trunk: a.GetTrunk(), StartedAt: recordedTime(a.GetStartedAt()),
		Provisional: int(a.GetProvisionalStatus()), Rang: a.GetRang(), Outcome: callrecord.OutcomePending,
		Status: int(a.GetResponse().GetStatus()), Reason: a.GetResponse().GetReasonPhrase(), Detail: a.GetDetail(),
	}
	if ref := t.GetContact(); ref != nil {
		r.Contact = &callrecord.ContactRef{Attempt: int(ref.GetAttempt()), N: int(ref.GetIndex())}
	}
	if a.GetDuration() != nil {
		r.DurationMS = new(callrecord.Milliseconds(a.GetDuration().AsDuration()))
	}
	if a.GetOutcome() != redirectv1.Outcome_OUTCOME_UNSPECIFIED {
		r.Outcome = callrecord.Outcome(outcomeLabel(a.GetOutcome()))
	}
	return r
}

func recordedTime(t *timestamppb.Timestamp) callrecord.Time { return callrecord.At(t.AsTime()) }

// recordedRedirects returns every 3xx among the attempts, with what became of its
// contacts.
func (rc *responseContext) recordedRedirects() []callrecord.Redirect {
	redirects := []callrecord.Redirect{}
	for i, a := range rc.attempts {
		status := int(a.GetResponse().GetStatus())
		if status < 300 || status >= 400 {
			continue
		}
		redirects = append(redirects, callrecord.Redirect{
			Attempt: i, Status: status, Reason: a.GetResponse().GetReasonPhrase(), NotAsked: rc.notes.notAsked[i],
			Contacts: rc.recordedContacts(i), ContactsOmitted: rc.notes.omitted[i],
		})
	}
	return redirects
}

// recordedContacts returns the contacts of the 3xx that an attempt got.
func (rc *responseContext) recordedContacts(attempt int) []callrecord.Contact {
	contacts := make([]callrecord.Contact, len(rc.contacts[attempt]))
	for i, c := range rc.contacts[attempt] {
		contacts[i] = callrecord.Contact{
			N: i, URI: c.GetUri().GetText(), Unreadable: c.GetUnreadable(),
			Verdict: callrecord.VerdictUnknown, Outcome: callrecord.ContactNotTried,
		}
		if c.QMilli != nil {
			contacts[i].Q = new(int(c.GetQMilli()))
		}
	}
	for i := range rc.notes.decisions {
		for _, v := range rc.notes.decisions[i].verdicts {
			if ref := v.GetContact(); int(ref.GetAttempt()) == attempt && int(ref.GetIndex()) < len(contacts) {
				c := &contacts[ref.GetIndex()]
				c.Verdict, c.Rule, c.Text = verdictLabel(v.GetVerdict()), v.GetRule(), v.GetText()
			}
		}
	}
	for i, a := range rc.attempts[attempt+1:] {
		if c := contactOf(a.GetTarget(), attempt, contacts); c != nil {
			c.Attempts = append(c.Attempts, attempt+1+i)
			c.Outcome = callrecord.ContactTried
			if a.GetOutcome() == redirectv1.Outcome_OUTCOME_REFUSED {
				c.Outcome = callrecord.ContactRefused
			}
		}
	}
	return contacts
}

// contactOf returns the contact of that 3xx that a target came from, nil if it
// came from none of them. A policy need not say: then the URI does.
func contactOf(t *redirectv1.Target, attempt int, contacts []callrecord.Contact) *callrecord.Contact {
	if ref := t.GetContact(); ref != nil {
		if int(ref.GetAttempt()) == attempt && int(ref.GetIndex()) < len(contacts) {
			return &contacts[ref.GetIndex()]
		}
		return nil
	}
	for i := range contacts {
		if contacts[i].URI == t.GetUri() {
			return &contacts[i]
		}
	}
	return nil
}

func verdictLabel(v redirectv1.ContactVerdict_Verdict) callrecord.Verdict {
	switch v {
	case redirectv1.ContactVerdict_VERDICT_TAKEN:
		return callrecord.VerdictTaken
	case redirectv1.ContactVerdict_VERDICT_DROPPED:
		return callrecord.VerdictDropped
	case redirectv1.ContactVerdict_VERDICT_MOVED:
		return callrecord.VerdictMoved
	case redirectv1.ContactVerdict_VERDICT_UNSPECIFIED:
	}
	return callrecord.VerdictUnknown
}
