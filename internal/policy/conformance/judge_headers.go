package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// messages judges the header operations of each message that an answer changes.
func messages(judge func(x *exchange, ops []*redirectv1.HeaderOp) error) func(*exchange) error {
	return func(x *exchange) error {
		for i, t := range x.resp.GetTryTargets().GetTargets() {
			if err := judge(x, t.GetHeaderOps()); err != nil {
				return fmt.Errorf("%s.header_ops: %w", targetName(i), err)
			}
		}
		for where, ops := range map[string][]*redirectv1.HeaderOp{
			"try_targets.exhausted": x.resp.GetTryTargets().GetExhausted().GetHeaderOps(),
			"reject":                x.resp.GetReject().GetHeaderOps(),
			"pass_through":          x.resp.GetPassThrough().GetHeaderOps(),
		} {
			if err := judge(x, ops); err != nil {
				return fmt.Errorf("%s.header_ops: %w", where, err)
			}
		}
		return nil
	}
}

// touched returns the name of the header field that an operation changes.
func touched(op *redirectv1.HeaderOp) string {
	switch o := op.GetOp().(type) {
	case *redirectv1.HeaderOp_Add:
		return o.Add.GetName()
	case *redirectv1.HeaderOp_Set:
		return o.Set.GetName()
	case *redirectv1.HeaderOp_Remove:
		return o.Remove
	case *redirectv1.HeaderOp_Copy:
		if o.Copy.GetRename() != "" {
			return o.Copy.GetRename()
		}
		return o.Copy.GetName()
	}
	return ""
}

var (
	errNoOp      = errors.New("none of add, set, remove and copy is set")
	errLongValue = errors.New("the value has more than 8 KiB")
)

func goodOps(_ *exchange, ops []*redirectv1.HeaderOp) error {
	if len(ops) > maxHeaderOps {
		return fmt.Errorf("%d operations, more than %d", len(ops), maxHeaderOps)
	}
	for i, op := range ops {
		if err := goodOp(op); err != nil {
			return fmt.Errorf("operation %d: %w", i, err)
		}
	}
	return nil
}

func goodOp(op *redirectv1.HeaderOp) error {
	if op.GetOp() == nil {
		return errNoOp
	}
	names := []string{touched(op)}
	if c := op.GetCopy(); c != nil {
		names = append(names, c.GetName())
	}
	for _, name := range names {
		switch {
		case len(name) > maxShortText:
			return fmt.Errorf("the name has %d bytes, more than %d", len(name), maxShortText)
		case !isToken(name):
			return fmt.Errorf("%q is no name of a header field", name)
		case len(name) == 1:
			return fmt.Errorf("%q is a compact form", name)
		}
	}
	for _, h := range []*redirectv1.Header{op.GetAdd(), op.GetSet()} {
		if max(len(h.GetValue()), len(h.GetRawValue())) > maxHeaderValue {
			return fmt.Errorf("%s: %w", h.GetName(), errLongValue)
		}
	}
	return nil
}

// isToken: RFC 3261 section 25.1.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
}

func allowedOps(x *exchange, ops []*redirectv1.HeaderOp) error {
	allowed := x.req.GetEdge().GetAllowedHeaders()
	for _, op := range ops {
		// What may never be touched has a case of its own.
		if name := touched(op); name != "" && !isListed(allowed, name) && !isListed(structural, name) {
			return fmt.Errorf("%q is not in edge.allowed_headers (%s)", name, strings.Join(allowed, ", "))
		}
	}
	return nil
}

// structural are header fields that make the message what it is to a proxy.
var structural = []string{
	"Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Route", "Record-Route", "Contact",
	"Content-Length", "Content-Type", "Content-Encoding", "Authorization", "Proxy-Authorization",
}

func noStructuralOps(_ *exchange, ops []*redirectv1.HeaderOp) error {
	for _, op := range ops {
		if name := touched(op); isListed(structural, name) {
			return fmt.Errorf("%q makes the message what it is", name)
		}
	}
	return nil
}

// isListed reports whether a list has that name, in any case, or a prefix of it
// that ends in *.
func isListed(list []string, name string) bool {
	return slices.ContainsFunc(list, func(a string) bool {
		prefix, wild := strings.CutSuffix(a, "*")
		return strings.EqualFold(a, name) || wild && len(name) >= len(prefix) && strings.EqualFold(prefix, name[:len(prefix)])
	})
}

func copiesExist(x *exchange, ops []*redirectv1.HeaderOp) error {
	for i, op := range ops {
		c := op.GetCopy()
		if c == nil || c.Attempt == nil {
			continue
		}
		if n := len(x.req.GetAttempts()); int(c.GetAttempt()) >= n {
			return fmt.Errorf("operation %d: there is no attempt %d, the call has %d (from 0)", i, c.GetAttempt(), n)
		}
	}
	return nil
}
