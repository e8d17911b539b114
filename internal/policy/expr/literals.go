package expr

import (
	"fmt"
	"regexp"

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
		if err := checkZone(src, a, c); err != nil {
			found = err
			return
		}
		f := functionByName(c.FunctionName(), len(c.Args())-1)
		if f == nil {
			return
		}
		params, all, missing := literals(f, c.Args()[1:])
		if missing >= 0 {
			found = placed(src, a, c.Args()[missing+1].ID(), fmt.Sprintf("the argument %s of %s has to be written out as a literal, so that it can be checked", f.params[missing].name, f.Name))
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

// zoned are the functions of CEL for a time whose argument is a zone.
var zoned = map[string]bool{
	"getFullYear": true, "getMonth": true, "getDate": true, "getDayOfMonth": true, "getDayOfWeek": true,
	"getDayOfYear": true, "getHours": true, "getMinutes": true, "getSeconds": true, "getMilliseconds": true,
}

// offset is a zone as CEL takes it too: "+01:00".
var offset = regexp.MustCompile(`^[+-]?([01][0-9]|2[0-3]):[0-5][0-9]$`)

func checkZone(src string, a *ast.AST, c ast.CallExpr) error {
	if !zoned[c.FunctionName()] || len(c.Args()) != 1 {
		return nil
	}
	if c.Args()[0].Kind() != ast.LiteralKind {
		// "Local" must not come in: the zone of the machine is no part of the question.
		return placed(src, a, c.Args()[0].ID(), "a time zone has to be written out as a literal, so that it can be checked")
	}
	name := literalText(c.Args()[0])
	if offset.MatchString(name) {
		return nil
	}
	if _, err := parseZone(name); err != nil {
		return placed(src, a, c.Args()[0].ID(), quote(name)+": "+err.Error())
	}
	return nil
}
