package decisiontext

import (
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// HeaderOp says a change to header fields in a line:
//
//	add Privacy: id
//	set X-Tenant: a
//	remove Diversion
//	copy Identity from response
//	copy Reason as X-Reason from response of attempt 2, replacing
//
// Attempts count from 1. What is copied comes from the request, response or contact.
func HeaderOp(op *redirectv1.HeaderOp) string {
	switch o := op.GetOp().(type) {
	case *redirectv1.HeaderOp_Add:
		return "add " + field(o.Add)
	case *redirectv1.HeaderOp_Set:
		return "set " + field(o.Set)
	case *redirectv1.HeaderOp_Remove:
		return "remove " + Shown(o.Remove)
	case *redirectv1.HeaderOp_Copy:
		return copied(o.Copy)
	}
	return "no header operation"
}

func field(h *redirectv1.Header) string { return Shown(h.GetName() + ": " + h.GetValue()) }

func copied(c *redirectv1.HeaderCopy) string {
	s := "copy " + Shown(c.GetName())
	if c.GetRename() != "" {
		s += " as " + Shown(c.GetRename())
	}
	s += " from " + strings.ToLower(strings.TrimPrefix(c.GetSource().String(), "MESSAGE_REF_"))
	if c.Attempt != nil {
		s += " of attempt " + strconv.FormatUint(uint64(c.GetAttempt())+1, 10)
	}
	if c.GetReplace() {
		s += ", replacing"
	}
	return s
}

func indented(ops []*redirectv1.HeaderOp) (lines []string) {
	for _, op := range ops {
		lines = append(lines, "       "+HeaderOp(op))
	}
	return lines
}
