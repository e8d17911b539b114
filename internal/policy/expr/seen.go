package expr

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/parser"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

const (
	maxSeen      = 512 // bytes of all values
	maxSeenName  = 80  // bytes of one expression
	maxSeenValue = 80  // bytes of one value
	maxSeenItems = 3   // of a list
)

// tracker is a program that remembers what each part of it came to, and the
// parts that are worth telling.
type tracker struct {
	run   cel.Program
	parts []seenPart
}

type seenPart struct {
	id   int64
	text string
}

// newTracker makes the tracker of a program.
func (p *program) newTracker() (*tracker, error) {
	run, err := p.env.env.Program(p.checked, cel.EvalOptions(cel.OptTrackState), cel.CostTracking(sizes{}), cel.CostLimit(maxCost))
	if err != nil {
		return nil, err
	}
	t := &tracker{run: run}
	info := p.checked.NativeRep().SourceInfo()
	names := make(map[string]bool)
	for _, x := range worthTelling(p.checked.NativeRep().Expr(), nil, p.checked) {
		name, err := parser.Unparse(x, info)
		if err != nil || names[name] {
			continue
		}
		names[name] = true
		t.parts = append(t.parts, seenPart{x.ID(), plain(clip(name, maxSeenName))})
	}
	return t, nil
}

// worthTelling appends the largest parts of an expression that are no truth
// value, and those truth values that have no such part: fields, calls, macros.
func worthTelling(x ast.Expr, found []ast.Expr, checked *cel.Ast) []ast.Expr {
	switch x.Kind() {
	case ast.IdentKind, ast.SelectKind, ast.ComprehensionKind:
		if checked.NativeRep().ReferenceMap()[x.ID()] != nil && checked.NativeRep().ReferenceMap()[x.ID()].Value != nil {
			return found // a constant
		}
		return append(found, x)
	case ast.CallKind:
		c := x.AsCall()
		_, isOperator := operators.FindReverse(c.FunctionName())
		isOperator = isOperator || c.FunctionName() == operators.Conditional
		if !isOperator && checked.NativeRep().GetType(x.ID()).Kind() != types.BoolKind || c.FunctionName() == operators.Index {
			if !hasVariable(x) {
				return found
			}
			return append(found, x)
		}
		before := len(found)
		for _, child := range children(x) {
			found = worthTelling(child, found, checked)
		}
		if len(found) == before && !isOperator || c.FunctionName() == "@share" {
			found = append(found[:before], x)
		}
		return found
	case ast.ListKind, ast.MapKind:
		for _, child := range children(x) {
			found = worthTelling(child, found, checked)
		}
	case ast.LiteralKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return found
}

// hasVariable tells whether a part depends on anything but constants.
func hasVariable(x ast.Expr) bool {
	return x.Kind() == ast.IdentKind || x.Kind() == ast.ComprehensionKind || slices.ContainsFunc(children(x), hasVariable)
}

// seen evaluates the expression once more and tells what its parts came to.
func (p *program) seen(in *Input) string {
	t, err := p.tracked()
	if err != nil {
		return ""
	}
	_, details, _ := t.run.Eval(&in.vars) // what was seen before an error is told too
	state := details.State()
	var b strings.Builder
	for _, part := range t.parts {
		v, ok := state.Value(part.id)
		if !ok || types.IsUnknownOrError(v) {
			continue
		}
		value, ok := shown(v)
		if !ok {
			continue
		}
		item := part.text + " = " + value
		if b.Len() > 0 {
			item = ", " + item
		}
		if b.Len()+len(item) > maxSeen-len(", ...") {
			b.WriteString(", ...")
			break
		}
		b.WriteString(item)
	}
	return b.String()
}

// shown writes a value for people; not ok if it is a message that has no one
// text.
func shown(v ref.Val) (string, bool) {
	switch v := v.(type) {
	case types.String:
		return quoted(string(v)), true
	case types.Int, types.Uint, types.Bool, types.Double:
		s, ok := v.ConvertToType(types.StringType).(types.String)
		return string(s), ok
	case types.Bytes:
		return strconv.Itoa(len(v)) + " bytes", true
	case types.Timestamp:
		return v.Format(time.RFC3339), true
	case types.Duration:
		return v.String(), true
	case *message:
		switch m := v.m.(type) {
		case *redirectv1.SipUri:
			return quoted(m.GetText()), true
		case *redirectv1.Contact:
			return quoted(m.GetUri().GetText()), true
		}
		return "", false
	case traits.Lister:
		return shownList(v), true
	case traits.Mapper:
		n, _ := v.Size().(types.Int)
		return strconv.Itoa(int(n)) + plural(int(n), " entry", " entries"), true
	}
	return "", false
}

func shownList(l traits.Lister) string {
	n, _ := l.Size().(types.Int)
	if n > maxSeenItems {
		return strconv.Itoa(int(n)) + " elements"
	}
	var items []string
	for i := range n {
		s, ok := shown(l.Get(i))
		if !ok || len(s) > maxSeenValue {
			return strconv.Itoa(int(n)) + plural(int(n), " element", " elements")
		}
		items = append(items, s)
	}
	return "[" + strings.Join(items, ", ") + "]"
}

// quoted writes a text from the network: clipped, one line, in quotes.
func quoted(s string) string { return strconv.Quote(plain(clip(s, maxSeenValue))) }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
