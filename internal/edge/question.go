package edge

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// featuresOnward are what a policy may use beyond plain URIs.
var (
	featuresOnward = []string{
		"routes", "next_hop", "header_ops", "timeouts", "consult_on_failure", "pass_through", "filtered_pass_through", onward,
	}
	features = featuresOnward[:len(featuresOnward)-1]
)

// features are what a policy may use of this edge.
func (in *inbound) features() []string {
	if in.trunk != nil && len(in.trunk.Onward) > 0 {
		return featuresOnward
	}
	return features
}

// aboutRedirect and aboutFailure make the question about an event.
func (rc *responseContext) aboutRedirect(event *redirectv1.Redirect) *redirectv1.DecideRequest {
	q := rc.newRequest()
	q.Event = &redirectv1.DecideRequest_Redirect{Redirect: event}
	return q
}

func (rc *responseContext) aboutFailure() *redirectv1.DecideRequest {
	q := rc.newRequest()
	q.Event = &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}
	return q
}

// newRequest makes a question but for its event.
func (rc *responseContext) newRequest() *redirectv1.DecideRequest {
	now := rc.edge.now()
	rc.questions++
	return &redirectv1.DecideRequest{
		RequestId: strings.TrimPrefix(transaction.Branch(rc.id, rc.questions), transaction.MagicCookie),
		Edge: &redirectv1.Edge{
			Instance: rc.edge.cfg.Instance, Version: rc.edge.version, Zone: rc.edge.cfg.Zone,
			AttemptsLeft: new(uint32(rc.attemptsLeft())), Features: rc.in.features(), AllowedHeaders: rc.allowedHeaders(),
			OwnAddresses: rc.edge.own,
		},
		Call:        rc.callProto(now),
		Attempts:    append([]*redirectv1.Attempt(nil), rc.attempts...),
		Remaining:   rc.remainingProto(),
		PolicyState: rc.policyState,
		AskedAt:     timestamp(now),
		Earlier:     rc.previous().attempts,
	}
}

// remainingProto returns the targets not yet tried, each with its advance rule
// resolved: the decision it came from may be gone at the next question.
func (rc *responseContext) remainingProto() []*redirectv1.Target {
	targets := make([]*redirectv1.Target, len(rc.remaining))
	for i, t := range rc.remaining {
		targets[i] = t
		if t.GetAdvance() == nil {
			targets[i] = proto.CloneOf(t)
			targets[i].Advance = rc.ruleOf(t)
		}
	}
	return targets
}

func (rc *responseContext) callProto(now time.Time) *redirectv1.Call {
	m := rc.request
	call := &redirectv1.Call{
		Method:        sipcontract.Text(rc.method),
		RequestUri:    sipcontract.URI(m.RequestURI(), ""),
		Caller:        sipcontract.NameAddr(m.From()),
		Callee:        sipcontract.NameAddr(m.To()),
		CallId:        sipcontract.Text(rc.callID),
		SourceAddress: rc.source.String(),
		Transport:     rc.upstream.Kind.String(),
		Trunk:         rc.in.trunkName(),
		Profile:       rc.edge.profile(rc.in),
		ReceivedAt:    timestamp(rc.receivedAt),
		TimeLeft:      durationpb.New(max(0, rc.receivedAt.Add(rc.limits().SetupTime).Sub(now))),
	}
	if rc.in.trunk != nil {
		call.Attributes = rc.in.trunk.Attributes
	}
	for name, value := range m.Fields() {
		if rc.shown(name) {
			call.Headers = append(call.Headers, sipcontract.Header(name, value))
		}
	}
	return call
}

// redirectProto reads a 3xx for the policy.
func (rc *responseContext) redirectProto(b *branch, m *message.Message) *redirectv1.Redirect {
	r := &redirectv1.Redirect{Response: rc.attempts[b.attempt].GetResponse()}
	r.Contacts, r.ContactsOmitted = sipcontract.Contacts(m)
	if rc.contacts == nil {
		rc.contacts = make(map[int][]*redirectv1.Contact)
	}
	rc.contacts[b.attempt] = r.Contacts
	rc.notes.omits(b, int(r.GetContactsOmitted()))
	return r
}
