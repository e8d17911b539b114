package edge

import (
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/sipuri"
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
		Method:        validUTF8(rc.method),
		RequestUri:    uriProto(m.RequestURI(), ""),
		Caller:        nameAddrProto(m.From()),
		Callee:        nameAddrProto(m.To()),
		CallId:        validUTF8(rc.callID),
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
			call.Headers = append(call.Headers, headerProto(name, value))
		}
	}
	return call
}

// redirectProto reads a 3xx for the policy. A contact that can't be read is
// shown as it is: an index means the same to both sides.
func (rc *responseContext) redirectProto(b *branch, m *message.Message) *redirectv1.Redirect {
	contacts, omitted := m.Contacts(maxContacts)
	r := &redirectv1.Redirect{
		Response:        rc.attempts[b.attempt].GetResponse(),
		ContactsOmitted: uint32(omitted),
	}
	for i := range contacts {
		r.Contacts = append(r.Contacts, contactProto(&contacts[i]))
	}
	if rc.contacts == nil {
		rc.contacts = make(map[int][]*redirectv1.Contact)
	}
	rc.contacts[b.attempt] = r.Contacts
	return r
}

func contactProto(c *message.Contact) *redirectv1.Contact {
	if c.Err != nil {
		return &redirectv1.Contact{
			Uri: &redirectv1.SipUri{Text: validUTF8URI(c.Value)}, Unreadable: validUTF8(c.Err.Error()),
		}
	}
	p := &redirectv1.Contact{Uri: readURIProto(&c.URI, c.NameAddr.Display)}
	if c.HasQ {
		p.QMilli = new(uint32(c.Q))
	}
	if c.HasExpires {
		p.ExpiresSeconds = new(c.Expires)
	}
	for _, param := range c.NameAddr.Params {
		if !strings.EqualFold(param.Name, "q") && !strings.EqualFold(param.Name, "expires") {
			p.Params = append(p.Params, &redirectv1.Param{Name: validUTF8(param.Name), Value: validUTF8(unquote(param.Value))})
		}
	}
	return p
}

func (rc *responseContext) responseProto(m *message.Message, source string) *redirectv1.SipResponse {
	r := &redirectv1.SipResponse{
		Status: uint32(m.Status()), ReasonPhrase: validUTF8(m.ReasonPhrase()), SourceAddress: source,
	}
	all := m.Status() >= 300 && m.Status() < 400
	for name, value := range m.Fields() {
		if all || rc.shown(name) {
			r.Headers = append(r.Headers, headerProto(name, value))
		}
	}
	return r
}

func headerProto(name, value string) *redirectv1.Header {
	h := &redirectv1.Header{Name: validUTF8(name), Value: value}
	if !utf8.ValidString(value) {
		h.Value, h.RawValue = validUTF8(value), []byte(value)
	}
	return h
}

func nameAddrProto(value string) *redirectv1.SipUri {
	n, err := message.ParseNameAddr(value)
	if err != nil {
		return &redirectv1.SipUri{Text: validUTF8URI(value)}
	}
	return uriProto(n.URI, n.Display)
}

func uriProto(text, display string) *redirectv1.SipUri {
	uri, err := sipuri.Parse(text)
	if err != nil {
		return &redirectv1.SipUri{Text: validUTF8URI(text), DisplayName: validUTF8(display)}
	}
	return readURIProto(&uri, display)
}

func readURIProto(uri *sipuri.URI, display string) *redirectv1.SipUri {
	p := &redirectv1.SipUri{
		Text: validUTF8URI(uri.Text), Scheme: uri.Scheme, User: validUTF8(sipuri.Unescape(uri.User)),
		Host: validUTF8(uri.Host), Port: uint32(uri.Port), DisplayName: validUTF8(display),
	}
	for _, param := range uri.Params {
		p.Params = append(p.Params, paramProto(param))
	}
	for _, h := range uri.Headers {
		p.Headers = append(p.Headers, paramProto(h))
	}
	return p
}

func paramProto(p sipuri.Param) *redirectv1.Param {
	return &redirectv1.Param{Name: validUTF8(sipuri.Unescape(p.Name)), Value: validUTF8(sipuri.Unescape(p.Value))}
}

func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// validUTF8 is what protobuf can carry. As all strings of a question it may be a
// piece of a message: whoever keeps it keeps that.
func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// validUTF8URI is a URI in which bytes that are not UTF-8 are escaped: the same
// URI (19.1.4).
func validUTF8URI(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			b.WriteByte('%')
			b.WriteByte(hex[s[0]>>4])
			b.WriteByte(hex[s[0]&15])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}
