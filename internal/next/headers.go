package next

import (
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
)

// resolved returns header operations as additions and removals alone, without what
// the client does not allow. A copy finds what the policy was shown.
func (s *search) resolved(ops []*redirectv1.HeaderOp, contact *redirectv1.ContactRef) []*redirectv1.HeaderOp {
	if !s.can("header_ops") {
		return nil
	}
	h := decision.Headers{
		Allowed: s.req.GetEdge().GetAllowedHeaders(),
		Copied:  func(c *redirectv1.HeaderCopy) []string { return s.copied(c, contact) },
		Dropped: func(string) {},
	}
	var plain []*redirectv1.HeaderOp
	for _, c := range h.Changes(ops) {
		if c.Remove != "" {
			plain = append(plain, &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Remove{Remove: c.Remove}})
		}
		if c.Add != nil {
			plain = append(plain, &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Add{Add: added(c.Add)}})
		}
	}
	return plain
}

func added(h *message.Header) *redirectv1.Header {
	return &redirectv1.Header{Name: h.Name, Value: strings.ToValidUTF8(h.Value, "\uFFFD")}
}

// copied returns the values that a copy finds.
func (s *search) copied(c *redirectv1.HeaderCopy, contact *redirectv1.ContactRef) []string {
	attempts := s.req.GetAttempts()
	attempt := redirectedBy(attempts)
	if c.Attempt != nil {
		attempt = int(c.GetAttempt())
	}
	switch c.GetSource() {
	case redirectv1.MessageRef_MESSAGE_REF_REQUEST:
		return decision.Values(s.req.GetCall().GetHeaders(), c.GetName())
	case redirectv1.MessageRef_MESSAGE_REF_RESPONSE:
		if attempt < len(attempts) {
			return decision.Values(attempts[attempt].GetResponse().GetHeaders(), c.GetName())
		}
	case redirectv1.MessageRef_MESSAGE_REF_CONTACT:
		// Only the 3xx that is asked about is at hand.
		if contact != nil && int(contact.GetAttempt()) == len(attempts)-1 {
			return decision.ContactHeaders(s.contacts, int(contact.GetIndex()), c.GetName())
		}
	case redirectv1.MessageRef_MESSAGE_REF_UNSPECIFIED:
	}
	return nil
}

// setHeaders says what is left of additions and removals in order: removals of what
// the message had, then additions that no later removal undoes.
func (a *Answer) setHeaders(ops []*redirectv1.HeaderOp) {
	for _, op := range ops {
		if name := op.GetRemove(); name != "" {
			same := func(other string) bool { return strings.EqualFold(other, name) }
			a.AddHeaders = slices.DeleteFunc(a.AddHeaders, func(h string) bool {
				other, _, _ := strings.Cut(h, ":")
				return same(other)
			})
			if !slices.ContainsFunc(a.RemoveHeaders, same) {
				a.RemoveHeaders = append(a.RemoveHeaders, name)
			}
		}
		if h := op.GetAdd(); h != nil {
			a.AddHeaders = append(a.AddHeaders, h.GetName()+": "+h.GetValue())
		}
	}
}
