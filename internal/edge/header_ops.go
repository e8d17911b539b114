package edge

import (
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// structural are header fields that make the message what it is to a proxy. No
// configuration lets a decision touch them (16.6, 19.1.5).
var structural = []string{
	"Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Route", "Record-Route", "Contact",
	"Content-Length", "Content-Type", "Content-Encoding", "Proxy-Require", "Require",
	"Authorization", "Proxy-Authorization",
}

// notOfContact are header fields that the "?headers" part of a Contact may not set
// either: they say what the caller is and can (19.1.5). A body is one of them.
var notOfContact = []string{
	"Accept", "Accept-*", "Allow", "Supported", "Organization", "User-Agent", "Content-*", "Date", "MIME-Version", "Timestamp",
}

// headerStep is one change that is left of a header operation.
type headerStep struct {
	remove string          // remove all of this name first; empty: none
	add    *message.Header // then add this one; nil: none
}

// allowed reports whether a decision may touch header fields of that name.
func (rc *responseContext) allowed(name string) bool {
	if len(name) < 2 || !isToken(name) { // the compact forms have one letter; the contract has the long ones
		return false
	}
	return !isListed(structural, name) && isListed(rc.allowedHeaders(), name)
}

// isListed reports whether a list has that name, or a prefix of it that ends in *.
func isListed(list []string, name string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, wild := strings.CutSuffix(a, "*")
		return strings.EqualFold(a, name) || wild && len(name) > len(prefix) && strings.EqualFold(prefix, name[:len(prefix)])
	})
}

// isDangerous reports whether an operation copies what a Contact may not set, or to
// what it may not set (19.1.5).
func isDangerous(op *redirectv1.HeaderOp, name string) bool {
	c := op.GetCopy()
	return c.GetSource() == redirectv1.MessageRef_MESSAGE_REF_CONTACT &&
		(isListed(notOfContact, name) || isListed(notOfContact, c.GetName()) || isListed(structural, c.GetName()))
}

func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// editHeaders does what a decision says of the header fields of one request.
func (rc *responseContext) editHeaders(edit *message.Edit, t *target) {
	rc.applyOps(edit, t.proto.GetHeaderOps(), t.proto.GetContact())
}

func (rc *responseContext) applyOps(edit *message.Edit, ops []*redirectv1.HeaderOp, contact *redirectv1.ContactRef) {
	for _, step := range rc.headerSteps(ops, contact) {
		if step.remove != "" {
			edit.Remove(step.remove)
		}
		if step.add != nil {
			edit.Add(step.add.Name, step.add.Value)
		}
	}
}

// ownHeaders returns the header fields of a response that the edge makes.
func (rc *responseContext) ownHeaders(ops []*redirectv1.HeaderOp) []message.Header {
	var headers []message.Header
	for _, step := range rc.headerSteps(ops, nil) {
		if step.remove != "" {
			kept := headers[:0]
			for _, h := range headers {
				if !strings.EqualFold(h.Name, step.remove) {
					kept = append(kept, h)
				}
			}
			headers = kept
		}
		if step.add != nil {
			headers = append(headers, *step.add)
		}
	}
	return headers
}

// headerSteps resolves header operations. What is outside the allow list is
// dropped, logged and counted.
func (rc *responseContext) headerSteps(ops []*redirectv1.HeaderOp, contact *redirectv1.ContactRef) []headerStep {
	var steps []headerStep
	for _, op := range ops {
		if len(steps) >= maxSteps {
			rc.edge.log.Warn("header operations dropped", "call_id", rc.callID, "reason", "too many header fields", "limit", maxSteps)
			break
		}
		name := opName(op)
		if name == "" {
			continue
		}
		if !rc.allowed(name) || isDangerous(op, name) {
			rc.edge.metrics.headersDropped.Inc()
			rc.edge.log.Warn("header dropped", "call_id", rc.callID, "name", name, "reason", "outside the allow list (allowed_headers), or not to be set by a Contact (19.1.5)")
			continue
		}
		switch op := op.GetOp().(type) {
		case *redirectv1.HeaderOp_Add:
			steps = append(steps, headerStep{add: header(name, op.Add)})
		case *redirectv1.HeaderOp_Set:
			steps = append(steps, headerStep{remove: name, add: header(name, op.Set)})
		case *redirectv1.HeaderOp_Remove:
			steps = append(steps, headerStep{remove: name})
		case *redirectv1.HeaderOp_Copy:
			steps = append(steps, rc.copySteps(name, op.Copy, contact)...)
		}
	}
	return steps
}

// opName returns the name that an operation touches.
func opName(op *redirectv1.HeaderOp) string {
	switch op := op.GetOp().(type) {
	case *redirectv1.HeaderOp_Add:
		return op.Add.GetName()
	case *redirectv1.HeaderOp_Set:
		return op.Set.GetName()
	case *redirectv1.HeaderOp_Remove:
		return op.Remove
	case *redirectv1.HeaderOp_Copy:
		if op.Copy.GetRename() != "" {
			return op.Copy.GetRename()
		}
		return op.Copy.GetName()
	}
	return ""
}

func header(name string, h *redirectv1.Header) *message.Header {
	if raw := h.GetRawValue(); len(raw) > 0 {
		return &message.Header{Name: name, Value: string(raw)}
	}
	return &message.Header{Name: name, Value: h.GetValue()}
}

// maxCopied is how many values one copy operation yields at most, and maxSteps
// about how many changes all operations of one message make.
const (
	maxCopied = 16
	maxSteps  = 128
)

func (rc *responseContext) copySteps(name string, c *redirectv1.HeaderCopy, contact *redirectv1.ContactRef) []headerStep {
	values := rc.copied(c, contact)
	var steps []headerStep
	if c.GetReplace() {
		steps = append(steps, headerStep{remove: name})
	}
	for _, v := range values[:min(len(values), maxCopied)] {
		if checkTexts(v) == nil && len(v) <= maxHeaderValue {
			steps = append(steps, headerStep{add: &message.Header{Name: name, Value: v}})
		}
	}
	return steps
}

// copied returns the values that a copy finds.
func (rc *responseContext) copied(c *redirectv1.HeaderCopy, contact *redirectv1.ContactRef) (values []string) {
	attempt := len(rc.attempts) - 1
	if rc.redirectedFrom >= 0 {
		attempt = rc.redirectedFrom
	}
	if c.Attempt != nil {
		attempt = int(c.GetAttempt())
	}
	switch c.GetSource() {
	case redirectv1.MessageRef_MESSAGE_REF_REQUEST:
		for name, value := range rc.request.Fields() {
			if strings.EqualFold(name, c.GetName()) {
				values = append(values, value)
			}
		}
	case redirectv1.MessageRef_MESSAGE_REF_RESPONSE:
		if attempt >= len(rc.attempts) || attempt < 0 {
			return nil
		}
		for _, h := range rc.attempts[attempt].GetResponse().GetHeaders() {
			if strings.EqualFold(h.GetName(), c.GetName()) {
				values = append(values, header("", h).Value)
			}
		}
	case redirectv1.MessageRef_MESSAGE_REF_CONTACT:
		if contact == nil {
			return nil
		}
		if c.Attempt == nil {
			attempt = int(contact.GetAttempt())
		}
		return contactHeaders(rc.contacts[attempt], int(contact.GetIndex()), c.GetName())
	case redirectv1.MessageRef_MESSAGE_REF_UNSPECIFIED:
	}
	return values
}

// contactHeaders returns the values in the "?name=value" part of a contact
// (19.1.5).
func contactHeaders(contacts []*redirectv1.Contact, index int, name string) (values []string) {
	if index < 0 || index >= len(contacts) {
		return nil
	}
	uri, err := sipuri.Parse(contacts[index].GetUri().GetText())
	if err != nil {
		return nil
	}
	for _, h := range uri.Headers {
		if strings.EqualFold(sipuri.Unescape(h.Name), name) {
			values = append(values, sipuri.Unescape(h.Value))
		}
	}
	return values
}
