package expr

import (
	"fmt"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types/ref"
)

// checkLiterals checks the parameters of functions that are written out. The
// error is an *Error.
func (e *Env) checkLiterals(src string, a *ast.AST) error {
	var found error
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if found != nil || x.Kind() != ast.CallKind {
			return
		}
		c := x.AsCall()
		f := functionByName(c.FunctionName(), len(c.Args())-1)
		if f == nil {
			return
		}
		params, all, missing := literals(f, c.Args()[1:])
		if missing >= 0 {
			found = placed(src, a, c.Args()[missing+1].ID(), fmt.Sprintf("the %s of %s has to be written out, so that it can be checked", f.params[missing].name, f.Name))
			return
		}
		if !all {
			return
		}
		if _, err := f.bind(e, params); err != nil {
			found = placed(src, a, c.Args()[err.index+1].ID(), err.message)
		}
	}))
	return found
}

// literals returns the parameters of a call, whether all are written out, and
// the index of one that has to be and is not, or -1.
func literals(f *function, args []ast.Expr) (vals []ref.Val, all bool, missing int) {
	for i, a := range args {
		if a.Kind() != ast.LiteralKind {
			if f.params[i].literal {
				return nil, false, i
			}
			return nil, false, -1
		}
		vals = append(vals, a.AsLiteral())
	}
	return vals, true, -1
}
