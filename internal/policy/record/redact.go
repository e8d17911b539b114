package record

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/pseudonym"
)

// redactor puts pseudonyms in the place of users, in a question and in its answer
// alike: what was equal stays equal. It belongs to one goroutine.
type redactor struct {
	mapper *pseudonym.Mapper
	known  known // of the entry at hand
}

func newRedactor() *redactor { return &redactor{mapper: pseudonym.NewRandom()} }

// redact changes an entry.
func (r *redactor) redact(e *Entry) {
	e.Redacted = RedactUsers
	e.StateRemoved = len(e.Question.GetPolicyState()) > 0
	r.known = newKnown()
	r.collect(e.Question)
	r.message(e.Question.ProtoReflect())
	if e.Answer != nil {
		r.message(e.Answer.ProtoReflect())
	}
	if e.Error != nil {
		e.Error.Text = r.text(e.Error.Text)
	}
}

// collect learns the users that a question begins with, before any text: there
// they are known by that. Users of targets may be made of them.
func (r *redactor) collect(q *redirectv1.DecideRequest) {
	call := q.GetCall()
	uris := []*redirectv1.SipUri{call.GetRequestUri(), call.GetCaller(), call.GetCallee()}
	headers := append([]*redirectv1.Header(nil), call.GetHeaders()...)
	for _, c := range q.GetRedirect().GetContacts() {
		if c.GetUnreadable() == "" {
			uris = append(uris, c.GetUri())
		}
	}
	for _, response := range responses(q) {
		headers = append(headers, response.GetHeaders()...)
	}
	for _, u := range uris {
		r.uri(u.GetText(), r.mapper.Of)
		r.name(u.GetDisplayName())
	}
	for _, h := range headers {
		r.headerValue(h.GetName(), h.GetValue())
	}
	r.callID(call.GetCallId())
}

func responses(q *redirectv1.DecideRequest) []*redirectv1.SipResponse {
	all := []*redirectv1.SipResponse{q.GetRedirect().GetResponse(), q.GetAdvice().GetResponse()}
	for _, a := range slices.Concat(q.GetAttempts(), q.GetEarlier()) {
		all = append(all, a.GetResponse())
	}
	return all
}

// treatment is what becomes of a text of the contract.
type treatment int

const (
	asText   treatment = iota // a sentence, or anything else: URIs, numbers and users that are known
	stays                     // no user is there
	asURI                     // a URI that the policy chose
	asCallID                  // what stands before the "@"
	goes                      // nobody knows what it has
)

// treatments of the texts of all messages but SipUri, Header and Param. A field
// that is not here is a text.
var treatments = map[protoreflect.FullName]treatment{
	"redirect.v1.DecideRequest.request_id":    stays,
	"redirect.v1.DecideRequest.policy_state":  goes,
	"redirect.v1.DecideResponse.policy_state": goes,

	"redirect.v1.Target.uri":      asURI,
	"redirect.v1.Target.routes":   asURI,
	"redirect.v1.Target.next_hop": asURI,
	"redirect.v1.Target.label":    asText,

	"redirect.v1.FinalResponse.reason_phrase": asText,
	"redirect.v1.SipResponse.reason_phrase":   asText,
	"redirect.v1.SipResponse.source_address":  stays,

	"redirect.v1.HeaderOp.remove":   stays,
	"redirect.v1.HeaderCopy.name":   stays,
	"redirect.v1.HeaderCopy.rename": stays,

	"redirect.v1.Call.method":         stays,
	"redirect.v1.Call.call_id":        asCallID,
	"redirect.v1.Call.source_address": stays,
	"redirect.v1.Call.transport":      stays,
	"redirect.v1.Call.trunk":          stays,
	"redirect.v1.Call.profile":        stays,
	"redirect.v1.Call.attributes":     stays,

	"redirect.v1.Contact.unreadable": asText,

	"redirect.v1.Attempt.destination_address": stays,
	"redirect.v1.Attempt.trunk":               stays,
	"redirect.v1.Attempt.detail":              asText,

	"redirect.v1.Edge.instance":        stays,
	"redirect.v1.Edge.version":         stays,
	"redirect.v1.Edge.zone":            stays,
	"redirect.v1.Edge.features":        stays,
	"redirect.v1.Edge.allowed_headers": stays,
	"redirect.v1.Edge.own_addresses":   stays,

	"redirect.v1.Explanation.rule":            stays,
	"redirect.v1.Explanation.text":            asText,
	"redirect.v1.Explanation.policy_version":  stays,
	"redirect.v1.Explanation.config_revision": stays,
	"redirect.v1.ContactVerdict.rule":         stays,
	"redirect.v1.ContactVerdict.text":         asText,
}

// message changes every text of a message, whatever fields it has.
func (r *redactor) message(m protoreflect.Message) {
	switch m := m.Interface().(type) {
	case *redirectv1.SipUri:
		r.sipURI(m)
		return
	case *redirectv1.Header:
		m.Value, m.RawValue = r.headerValue(m.GetName(), m.GetValue()), nil
		return
	case *redirectv1.Param:
		m.Value = r.paramValue(m.GetName(), m.GetValue())
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		r.field(m, f, v)
		return true
	})
}

func (r *redactor) field(m protoreflect.Message, f protoreflect.FieldDescriptor, v protoreflect.Value) {
	text := f.Kind() == protoreflect.StringKind
	how := treatments[f.FullName()]
	switch {
	case f.IsMap():
		if how != stays {
			m.Clear(f)
		}
	case f.Message() != nil && f.IsList():
		for i := range v.List().Len() {
			r.message(v.List().Get(i).Message())
		}
	case f.Message() != nil:
		r.message(v.Message())
	case f.Kind() == protoreflect.BytesKind: // none of them stays
		m.Clear(f)
	case text && f.IsList():
		for i := range v.List().Len() {
			v.List().Set(i, protoreflect.ValueOfString(r.treat(how, v.List().Get(i).String())))
		}
	case text:
		m.Set(f, protoreflect.ValueOfString(r.treat(how, v.String())))
	}
}

func (r *redactor) treat(how treatment, text string) string {
	switch how {
	case stays:
		return text
	case asURI:
		if text == "onward" {
			return text
		}
		return r.uri(text, r.made)
	case asCallID:
		return r.callID(text)
	case goes:
		return ""
	case asText:
	}
	return r.text(text)
}

// sipURI changes a URI and its reading alike.
func (r *redactor) sipURI(u *redirectv1.SipUri) {
	u.Text = r.uri(u.GetText(), r.mapper.Of)
	u.User = r.user(u.GetUser(), r.mapper.Of)
	u.DisplayName = r.name(u.GetDisplayName())
	for _, p := range u.GetParams() {
		p.Value = r.paramValue(p.GetName(), p.GetValue())
	}
	for _, h := range u.GetHeaders() {
		h.Value = r.headerValue(h.GetName(), h.GetValue())
	}
}

// name changes a display name.
func (r *redactor) name(display string) string { return r.learn(display, r.mapper.Of(display)) }

// callID changes what stands before the "@" of a Call-ID.
func (r *redactor) callID(id string) string {
	local, host, at := strings.Cut(id, "@")
	changed := r.learn(local, r.mapper.Of(local))
	if at {
		changed += "@" + host
	}
	return changed
}
