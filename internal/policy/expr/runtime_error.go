package expr

import (
	"errors"
	"regexp"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
)

// runtimeError says what failed in an evaluation; a is what was evaluated.
func (p *program) runtimeError(a *ast.AST, err error) *Error {
	out := p.failed(plain(reason(err)))
	var failed *types.Err
	if !errors.As(err, &failed) {
		return out
	}
	if loc := a.SourceInfo().GetStartLocation(failed.NodeID()); failed.NodeID() != 0 && loc.Line() > 0 {
		out.Line, out.Column = loc.Line(), loc.Column()+1
		out.toName()
	}
	return out
}

// reason puts an error of CEL in the words of this package.
func reason(err error) string {
	var stopped interpreter.EvalCancelledError
	if errors.As(err, &stopped) && stopped.Cause == interpreter.CostLimitExceeded {
		return "it is too much work for a decision"
	}
	said := err.Error()
	for _, r := range runtimeRules {
		if m := r.said.FindStringSubmatch(said); m != nil {
			return r.say(m)
		}
	}
	return clip(contractNames(said), 200)
}

var runtimeRules = []struct {
	said *regexp.Regexp
	say  func(m []string) string
}{
	{regexp.MustCompile(`(?s)^no such key: (.*)`), func(m []string) string { return "there is no key " + quote(strings.Trim(m[1], `"`)) }},
	{regexp.MustCompile(`index out of bounds: (-?\d+)|index '(-?\d+)' out of range|index out of range: (-?\d+)`), func(m []string) string {
		return "there is no element " + m[1] + m[2] + m[3] + "; the first one is 0"
	}},
	{regexp.MustCompile(`^(division|modulus|divide) by zero`), func([]string) string { return "it divides by zero" }},
	{regexp.MustCompile(`overflow`), func([]string) string { return "the result is too large for its type" }},
	{regexp.MustCompile(`^no such overload`), func([]string) string { return "the values are of types that do not go together here" }},
	{regexp.MustCompile(`^error parsing regexp: (.*)`), func(m []string) string { return "the regular expression is wrong: " + clip(m[1], 100) }},
	{regexp.MustCompile(`^internal error`), func([]string) string { return "it cannot be evaluated" }},
}
