package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// final compares final responses that the edge makes itself.
func (c *comparison) final(where string, a, b *redirectv1.FinalResponse) {
	if a == nil || b == nil { // the action is another one
		return
	}
	c.texts(OtherCode, where+"status", strconv.Itoa(int(a.GetStatus())), strconv.Itoa(int(b.GetStatus())))
	c.texts(OtherDetails, where+"reason_phrase", quoted(a.GetReasonPhrase()), quoted(b.GetReasonPhrase()))
	c.headerOps(where, a.GetHeaderOps(), b.GetHeaderOps())
}

func (c *comparison) passThrough(a, b *redirectv1.PassThrough) {
	if a == nil || b == nil { // the action is another one
		return
	}
	c.texts(OtherCode, "which", c.which(a), c.which(b))
	if c.which(a) == whichRedirect {
		c.texts(OtherTarget, "contacts that stay", c.contacts(a), c.contacts(b))
	}
	c.headerOps("", a.GetHeaderOps(), b.GetHeaderOps())
}

const whichRedirect = "the redirect"

// which says which response passes. One that is not named is that of the event.
func (c *comparison) which(p *redirectv1.PassThrough) string {
	if p.GetWhich() == redirectv1.PassThrough_WHICH_BEST ||
		p.GetWhich() != redirectv1.PassThrough_WHICH_REDIRECT && c.req.GetFailure() != nil {
		return "the best response"
	}
	return whichRedirect
}

// contacts says which contacts stay in a 3xx: all, if none are named.
func (c *comparison) contacts(p *redirectv1.PassThrough) string {
	const all = "all"
	kept := slices.Clone(p.GetContactIndexes())
	slices.Sort(kept)
	kept = slices.Compact(kept)
	n := len(c.req.GetRedirect().GetContacts())
	if len(kept) == 0 || n > 0 && len(kept) == n && int(kept[n-1]) == n-1 && c.req.GetRedirect().GetContactsOmitted() == 0 {
		return all
	}
	texts := make([]string, len(kept))
	for i, k := range kept {
		texts[i] = strconv.Itoa(int(k))
	}
	return strings.Join(texts, ", ")
}

// headerOps compares what is done to the header fields of one message.
func (c *comparison) headerOps(where string, a, b []*redirectv1.HeaderOp) {
	first, second := c.ops(a), c.ops(b)
	if slices.EqualFunc(first, second, func(x, y op) bool { return x.is == y.is }) {
		return
	}
	for len(first) > 0 && len(second) > 0 && first[0].is == second[0].is { // what they begin with alike
		first, second = first[1:], second[1:]
	}
	c.differ(OtherHeaders, where+"header_ops", opsText(first), opsText(second))
}

// op is one change of a header field: what it is, and how people read it.
type op struct{ is, text string }

// ops reads changes, without those that an edge ignores. Names are compared in
// any case (section 7.3.1).
func (c *comparison) ops(all []*redirectv1.HeaderOp) []op {
	ops := make([]op, 0, len(all))
	add := func(format, name string, args ...any) {
		ops = append(ops, op{
			fmt.Sprintf(format, append([]any{strings.ToLower(name)}, args...)...),
			fmt.Sprintf(format, append([]any{name}, args...)...),
		})
	}
	for _, o := range all {
		switch o := o.GetOp().(type) {
		case *redirectv1.HeaderOp_Add:
			add("add %s: %s", o.Add.GetName(), valueOf(o.Add))
		case *redirectv1.HeaderOp_Set:
			add("set %s: %s", o.Set.GetName(), valueOf(o.Set))
		case *redirectv1.HeaderOp_Remove:
			add("remove %s", o.Remove)
		case *redirectv1.HeaderOp_Copy:
			if text := c.copyOf(o.Copy); text != "" {
				ops = append(ops, op{strings.ToLower(text), text})
			}
		}
	}
	return ops
}

func valueOf(h *redirectv1.Header) string {
	if raw := h.GetRawValue(); len(raw) > 0 {
		return strconv.Quote(string(raw))
	}
	return h.GetValue()
}

// copyOf describes a copy; "" if it is ignored.
func (c *comparison) copyOf(o *redirectv1.HeaderCopy) string {
	attempt := uint32(max(len(c.req.GetAttempts()), 1) - 1)
	if o.Attempt != nil {
		attempt = o.GetAttempt()
	}
	var from string
	switch o.GetSource() {
	case redirectv1.MessageRef_MESSAGE_REF_REQUEST:
		from = "the request"
	case redirectv1.MessageRef_MESSAGE_REF_RESPONSE:
		from = fmt.Sprintf("the response of attempt %d", attempt)
	case redirectv1.MessageRef_MESSAGE_REF_CONTACT:
		from = fmt.Sprintf("the contact of attempt %d", attempt)
	case redirectv1.MessageRef_MESSAGE_REF_UNSPECIFIED:
		return ""
	default: // one that this version does not know
		return ""
	}
	text := "copy " + o.GetName() + " of " + from
	if rename := o.GetRename(); rename != "" && !strings.EqualFold(rename, o.GetName()) {
		text += " as " + rename
	}
	if o.GetReplace() {
		text += " instead"
	}
	return text
}

func opsText(ops []op) string {
	if len(ops) == 0 {
		return nothing
	}
	var b strings.Builder
	for i, o := range ops {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > maxText {
			break // the rest is clipped
		}
		b.WriteString(o.text)
	}
	return b.String()
}
