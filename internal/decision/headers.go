package decision

import (
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// Structural are header fields that make the message what it is to a proxy. No
// configuration lets a decision touch them (16.6, 19.1.5).
var Structural = []string{
	"Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Route", "Record-Route", "Contact",
	"Content-Length", "Content-Type", "Content-Encoding", "Proxy-Require", "Require",
	"Authorization", "Proxy-Authorization",
}

// DefaultAllowedHeaders may be touched by a decision unless whoever acts on it
// says otherwise.
var DefaultAllowedHeaders = []string{
	"Identity", "Reason", "History-Info", "Diversion", "P-Asserted-Identity", "Date", "X-*",
}

// notOfContact are header fields that the "?headers" part of a Contact may not set
// either: they say what the caller is and can (19.1.5). A body is one of them.
var notOfContact = []string{
	"Accept", "Accept-*", "Allow", "Supported", "Organization", "User-Agent", "Content-*", "Date", "MIME-Version", "Timestamp",
}

// maxCopied is how many values one copy operation yields at most, and MaxChanges
// about how many changes all operations of one message make.
const (
	maxCopied  = 16
	MaxChanges = 128
)

// Change is one change of the header fields of a message.
type Change struct {
	Remove string          // remove all of this name first; empty: none
	Add    *message.Header // then add this one; nil: none
}

// Headers says how header operations become changes.
type Headers struct {
	// Allowed are the names that a decision may touch; "X-*" stands for every name
	// with that prefix.
	Allowed []string
	// Copied returns the values that a copy finds.
	Copied func(*redirectv1.HeaderCopy) []string
	// Dropped is told the name that an operation would touch outside the allow
	// list; an empty one says that there are more than [MaxChanges].
	Dropped func(name string)
}

// Changes resolves header operations, in order. What is not allowed is dropped.
func (h *Headers) Changes(ops []*redirectv1.HeaderOp) []Change {
	var changes []Change
	for _, op := range ops {
		if len(changes) >= MaxChanges {
			h.Dropped("")
			break
		}
		name := opName(op)
		if name == "" {
			continue
		}
		if !h.allowed(name) || isDangerous(op, name) {
			h.Dropped(name)
			continue
		}
		switch op := op.GetOp().(type) {
		case *redirectv1.HeaderOp_Add:
			changes = append(changes, Change{Add: &message.Header{Name: name, Value: Value(op.Add)}})
		case *redirectv1.HeaderOp_Set:
			changes = append(changes, Change{Remove: name, Add: &message.Header{Name: name, Value: Value(op.Set)}})
		case *redirectv1.HeaderOp_Remove:
			changes = append(changes, Change{Remove: name})
		case *redirectv1.HeaderOp_Copy:
			changes = append(changes, h.copies(name, op.Copy)...)
		}
	}
	return changes
}

func (h *Headers) copies(name string, c *redirectv1.HeaderCopy) []Change {
	values := h.Copied(c)
	var changes []Change
	if c.GetReplace() {
		changes = append(changes, Change{Remove: name})
	}
	for _, v := range values[:min(len(values), maxCopied)] {
		if checkTexts(v) == nil && len(v) <= maxHeaderValue {
			changes = append(changes, Change{Add: &message.Header{Name: name, Value: v}})
		}
	}
	return changes
}

// allowed reports whether a decision may touch header fields of that name.
func (h *Headers) allowed(name string) bool {
	if len(name) < 2 || !IsToken(name) { // the compact forms have one letter; the contract has the long ones
		return false
	}
	return !isListed(Structural, name) && isListed(h.Allowed, name)
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
		(isListed(notOfContact, name) || isListed(notOfContact, c.GetName()) || isListed(Structural, c.GetName()))
}

// IsToken reports whether a text is a token (25.1), as names of header fields are.
func IsToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`()<>@,;:\"/[]?={}`, c) >= 0 {
			return false
		}
	}
	return s != ""
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

// Value returns the exact bytes of a header field.
func Value(h *redirectv1.Header) string {
	if raw := h.GetRawValue(); len(raw) > 0 {
		return string(raw)
	}
	return h.GetValue()
}

// Values returns the values of the header fields of that name.
func Values(headers []*redirectv1.Header, name string) (values []string) {
	for _, h := range headers {
		if strings.EqualFold(h.GetName(), name) {
			values = append(values, Value(h))
		}
	}
	return values
}

// ContactHeaders returns the values in the "?name=value" part of a contact
// (19.1.5).
func ContactHeaders(contacts []*redirectv1.Contact, index int, name string) (values []string) {
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
