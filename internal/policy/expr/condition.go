package expr

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// Condition is a compiled boolean expression. It is immutable and safe for
// concurrent use.
type Condition struct {
	program
	constant, value bool
}

// Condition compiles a boolean expression. The error is an [*Error].
func (e *Env) Condition(src string) (*Condition, error) {
	p, err := e.compile(src)
	if err != nil {
		return nil, err
	}
	if !p.result.IsExactType(cel.BoolType) {
		return nil, &Error{Source: src, Line: 1, Column: 1, Message: "a condition is true or false, and this is " + aType(p.result)}
	}
	c := &Condition{program: *p}
	if v, ok := p.folded.(types.Bool); ok {
		c.constant, c.value = true, bool(v)
	}
	return c, nil
}

// UsesContact tells whether the condition mentions the variable contact, so
// that it has to be evaluated for each contact.
func (c *Condition) UsesContact() bool { return c.usesContact }

// Constant returns the value of a condition that is the same for every question:
// a rule that never holds, or one that hides those behind it.
func (c *Condition) Constant() (value, ok bool) { return c.value, c.constant }

// Source returns the expression as it was written.
func (c *Condition) Source() string { return c.src }

// Eval tells whether the condition holds. An error is an [*Error] whose message
// says for people what failed: a key or an index that is not there, a division
// by zero, a contact where there is none, too much work. It never panics.
func (c *Condition) Eval(in *Input) (bool, error) {
	if c.constant {
		return c.value, nil
	}
	v, err := c.eval(in)
	if err != nil {
		return false, err
	}
	b, ok := v.(types.Bool)
	if !ok {
		return false, c.failed("the result is no truth value but " + aType(v.Type()))
	}
	return bool(b), nil
}

// Seen returns the values that the condition saw, for explanations:
//
//	e164(contact.uri) = "+19005551212", attempts.size() = 2
//
// It is one line of at most 512 bytes without control characters, empty if the
// condition saw nothing. It costs some 10 us.
func (c *Condition) Seen(in *Input) string {
	if c.constant {
		return ""
	}
	return c.seen(in)
}
