package expr

import (
	"maps"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// typeOf returns the type of a node of an expression that failed to check, as
// far as it can be told from variables, fields, elements and macros. root is
// where the search for the node begins and vars are the variables of macros
// around it.
func typeOf(root, node ast.Expr, vars map[string]*types.Type) (*types.Type, bool) {
	if root.ID() == node.ID() {
		return typeIn(node, vars)
	}
	if root.Kind() == ast.ComprehensionKind {
		c := root.AsComprehension()
		if t, ok := typeOf(c.IterRange(), node, vars); ok {
			return t, true
		}
		if list, ok := typeIn(c.IterRange(), vars); ok && list.Kind() == types.ListKind {
			vars = maps.Clone(vars)
			if vars == nil {
				vars = make(map[string]*types.Type)
			}
			vars[c.IterVar()] = list.Parameters()[0]
		}
		return typeOf(c.LoopStep(), node, vars)
	}
	for _, child := range children(root) {
		if t, ok := typeOf(child, node, vars); ok {
			return t, true
		}
	}
	return types.DynType, false
}

func children(x ast.Expr) []ast.Expr {
	switch x.Kind() {
	case ast.SelectKind:
		return []ast.Expr{x.AsSelect().Operand()}
	case ast.CallKind:
		c := x.AsCall()
		if c.IsMemberFunction() {
			return append([]ast.Expr{c.Target()}, c.Args()...)
		}
		return c.Args()
	case ast.ListKind:
		return x.AsList().Elements()
	case ast.MapKind:
		var all []ast.Expr
		for _, entry := range x.AsMap().Entries() {
			all = append(all, entry.AsMapEntry().Key(), entry.AsMapEntry().Value())
		}
		return all
	case ast.ComprehensionKind, ast.IdentKind, ast.LiteralKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return nil
}

// typeIn returns the type of a variable, a field or an element of a list.
func typeIn(x ast.Expr, vars map[string]*types.Type) (*types.Type, bool) {
	switch x.Kind() {
	case ast.IdentKind:
		if t, ok := vars[x.AsIdent()]; ok {
			return t, true
		}
		for _, v := range varTypes {
			if v.name == x.AsIdent() {
				return v.typ, true
			}
		}
	case ast.SelectKind:
		s := x.AsSelect()
		t, ok := typeIn(s.Operand(), vars)
		if !ok {
			break
		}
		if f, ok := contractTypes.FindStructFieldType(t.TypeName(), s.FieldName()); ok {
			return f.Type, true
		}
	case ast.CallKind:
		c := x.AsCall()
		if c.FunctionName() == operators.Index && len(c.Args()) == 2 {
			if t, ok := typeIn(c.Args()[0], vars); ok && t.Kind() == types.ListKind {
				return t.Parameters()[0], true
			}
			break
		}
		if f := functionByName(c.FunctionName(), len(c.Args())-1); f != nil {
			return f.result, true
		}
	case ast.ListKind, ast.MapKind, ast.ComprehensionKind, ast.LiteralKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return cel.DynType, false
}
