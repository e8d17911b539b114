package edge

import (
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
)

// editHeaders does what a decision says of the header fields of one request.
func (rc *responseContext) editHeaders(edit *message.Edit, t *target) {
	rc.applyOps(edit, t.proto.GetHeaderOps(), t.proto.GetContact())
}

func (rc *responseContext) applyOps(edit *message.Edit, ops []*redirectv1.HeaderOp, contact *redirectv1.ContactRef) {
	for _, step := range rc.headerSteps(ops, contact) {
		if step.Remove != "" {
			edit.Remove(step.Remove)
		}
		if step.Add != nil {
			edit.Add(step.Add.Name, step.Add.Value)
		}
	}
}

// ownHeaders returns the header fields of a response that the edge makes.
func (rc *responseContext) ownHeaders(ops []*redirectv1.HeaderOp) []message.Header {
	var headers []message.Header
	for _, step := range rc.headerSteps(ops, nil) {
		if step.Remove != "" {
			kept := headers[:0]
			for _, h := range headers {
				if !strings.EqualFold(h.Name, step.Remove) {
					kept = append(kept, h)
				}
			}
			headers = kept
		}
		if step.Add != nil {
			headers = append(headers, *step.Add)
		}
	}
	return headers
}

// headerSteps resolves header operations. What is outside the allow list is
// dropped, logged and counted.
func (rc *responseContext) headerSteps(ops []*redirectv1.HeaderOp, contact *redirectv1.ContactRef) []decision.Change {
	h := decision.Headers{
		Allowed: rc.allowedHeaders(),
		Copied:  func(c *redirectv1.HeaderCopy) []string { return rc.copied(c, contact) },
		Dropped: rc.headerDropped,
	}
	return h.Changes(ops)
}

func (rc *responseContext) headerDropped(name string) {
	if name == "" {
		rc.edge.log.Warn("header operations dropped", "call_id", rc.callID, "reason", "too many header fields", "limit", decision.MaxChanges)
		return
	}
	rc.edge.metrics.headersDropped.Inc()
	rc.edge.log.Warn("header dropped", "call_id", rc.callID, "name", name, "reason", "outside the allow list (allowed_headers), or not to be set by a Contact (19.1.5)")
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
		return decision.Values(rc.attempts[attempt].GetResponse().GetHeaders(), c.GetName())
	case redirectv1.MessageRef_MESSAGE_REF_CONTACT:
		if contact == nil {
			return nil
		}
		if c.Attempt == nil {
			attempt = int(contact.GetAttempt())
		}
		return decision.ContactHeaders(rc.contacts[attempt], int(contact.GetIndex()), c.GetName())
	case redirectv1.MessageRef_MESSAGE_REF_UNSPECIFIED:
	}
	return values
}
