package expr

import (
	"errors"
	"strings"

	"cel.dev/cel-go/cel"
)

// fold computes what is the same for every question. The error is an *Error: it
// is about a part that always fails.
func (e *Env) fold(src string, a *cel.Ast) (*cel.Ast, error) {
	folder, err := cel.NewConstantFoldingOptimizer()
	if err != nil {
		return nil, &Error{Source: src, Message: err.Error()}
	}
	opt, err := cel.NewStaticOptimizer(folder)
	if err != nil {
		return nil, &Error{Source: src, Message: err.Error()}
	}
	folded, issues := opt.Optimize(e.env, a)
	if issues.Err() != nil {
		first := first(issues.Errors())
		_, why, _ := strings.Cut(first.Message, "constant-folding evaluation failed: ")
		return nil, placed(src, a.NativeRep(), first.ExprID, "this always fails: "+reason(errors.New(why)))
	}
	return folded, nil
}
