package expr

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
)

// checkSource bounds a text before anything reads it; what names it.
func checkSource(src, what string) error {
	switch {
	case len(src) > MaxSource:
		return &Error{Source: clip(src, 80), Message: fmt.Sprintf("the %s has %d bytes, which is more than %d; long lists belong into a named list", what, len(src), MaxSource)}
	case !utf8.ValidString(src):
		return &Error{Source: plain(src), Message: "the " + what + " is not valid UTF-8"}
	}
	return nil
}

// check parses and type-checks an expression. The error is an *Error about the
// first mistake.
func (e *Env) check(src string) (*cel.Ast, error) {
	if err := checkSource(src, "expression"); err != nil {
		return nil, err
	}
	parsed, issues := e.env.Parse(src)
	if issues.Err() != nil {
		return nil, syntaxError(src, first(issues.Errors()))
	}
	if err := e.refuse(src, parsed.NativeRep()); err != nil {
		return nil, err
	}
	checked, issues := e.env.Check(parsed)
	if issues.Err() != nil {
		return nil, e.typeError(src, parsed.NativeRep(), first(issues.Errors()))
	}
	if err := e.checkLiterals(src, checked.NativeRep()); err != nil {
		return nil, err
	}
	return checked, nil
}

// first returns the first error by place.
func first(errs []*common.Error) *common.Error {
	return slices.MinFunc(errs, func(a, b *common.Error) int {
		if d := a.Location.Line() - b.Location.Line(); d != 0 {
			return d
		}
		return a.Location.Column() - b.Location.Column()
	})
}

// refuse finds what CEL has and rules do not.
func (e *Env) refuse(src string, parsed *ast.AST) error {
	var err error
	ast.PreOrderVisit(parsed.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if err == nil && x.Kind() == ast.StructKind {
			err = placed(src, parsed, x.ID(), "a rule reads messages and makes none")
		}
	}))
	return err
}

// placed makes an error at the place of a node.
func placed(src string, a *ast.AST, id int64, message string) *Error {
	loc := a.SourceInfo().GetStartLocation(id)
	return located(src, loc, message)
}

// located makes an error at a place that CEL names: lines from 1, columns from
// 0, in characters.
func located(src string, loc common.Location, message string) *Error {
	if loc == nil || loc.Line() < 1 {
		return &Error{Source: src, Message: plain(message)}
	}
	return &Error{Source: src, Line: loc.Line(), Column: max(loc.Column()+1, 1), Message: plain(message)}
}

// mentions tells whether an expression refers to a variable, other than to one
// of a macro that has its name.
func mentions(x ast.Expr, name string) bool {
	switch x.Kind() {
	case ast.IdentKind:
		return x.AsIdent() == name || x.AsIdent() == "."+name
	case ast.SelectKind:
		return mentions(x.AsSelect().Operand(), name)
	case ast.CallKind:
		c := x.AsCall()
		return c.IsMemberFunction() && mentions(c.Target(), name) || slices.ContainsFunc(c.Args(), func(a ast.Expr) bool { return mentions(a, name) })
	case ast.ListKind:
		return slices.ContainsFunc(x.AsList().Elements(), func(a ast.Expr) bool { return mentions(a, name) })
	case ast.MapKind:
		return slices.ContainsFunc(x.AsMap().Entries(), func(a ast.EntryExpr) bool {
			return mentions(a.AsMapEntry().Key(), name) || mentions(a.AsMapEntry().Value(), name)
		})
	case ast.ComprehensionKind:
		c := x.AsComprehension()
		if mentions(c.IterRange(), name) || mentions(c.AccuInit(), name) {
			return true
		}
		if c.IterVar() == name || c.IterVar2() == name {
			return mentions(c.LoopStep(), "."+name) || mentions(c.Result(), name)
		}
		return mentions(c.LoopCondition(), name) || mentions(c.LoopStep(), name) || mentions(c.Result(), name)
	case ast.LiteralKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return false
}
