package expr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// typeError says what is wrong with an expression that can be read but makes no
// sense: names that do not exist and types that do not go together.
func (e *Env) typeError(src string, parsed *ast.AST, err *common.Error) *Error {
	out := located(src, err.Location, err.Message)
	out.toName()
	x := nodeOf(parsed, err.ExprID)
	for _, r := range typeRules {
		if m := r.said.FindStringSubmatch(err.Message); m != nil {
			out.Message = plain(contractNames(r.say(e, parsed, x, m)))
			return out
		}
	}
	out.Message = contractNames(out.Message)
	return out
}

type typeRule struct {
	said *regexp.Regexp
	say  func(e *Env, parsed *ast.AST, x ast.Expr, m []string) string
}

var typeRules = []typeRule{
	{regexp.MustCompile(`^undeclared reference to '([^']*)'`), func(e *Env, _ *ast.AST, _ ast.Expr, m []string) string { return e.undeclared(m[1]) }},
	{regexp.MustCompile(`^undefined field '([^']*)'`), func(_ *Env, parsed *ast.AST, x ast.Expr, m []string) string {
		return undefinedField(parsed, x, m[1])
	}},
	{regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`), func(e *Env, _ *ast.AST, _ ast.Expr, m []string) string {
		return e.noOverload(m[1], m[2])
	}},
	{regexp.MustCompile(`^type '(.*)' does not support field selection`), func(e *Env, _ *ast.AST, x ast.Expr, m []string) string {
		message := article(m[1]) + " has no fields"
		if x != nil && x.Kind() == ast.SelectKind && e.env.HasFunction(x.AsSelect().FieldName()) {
			message += fmt.Sprintf("; a function is called with parentheses, %s()", x.AsSelect().FieldName())
		}
		return message
	}},
	{regexp.MustCompile(`^expected type '(.*)' but found '(.*)'`), func(_ *Env, _ *ast.AST, x ast.Expr, m []string) string {
		if m[1] == "bool" {
			return "this is " + article(m[2]) + ", and want true or false" + emptyHint(m[2])
		}
		return fmt.Sprintf("the elements of a list are of one type, and this is %s among those of type %s", article(m[2]), m[1])
	}},
	{regexp.MustCompile(`^invalid matches argument`), func(_ *Env, _ *ast.AST, x ast.Expr, _ []string) string {
		_, err := regexp.Compile(literalText(x))
		return "the regular expression is wrong: " + strings.TrimPrefix(fmt.Sprint(err), "error parsing regexp: ")
	}},
	{regexp.MustCompile(`^invalid duration argument`), func(_ *Env, _ *ast.AST, x ast.Expr, _ []string) string {
		return quote(literalText(x)) + ` is no duration; want numbers with units, such as "90s", "1m30s" or "500ms"`
	}},
	{regexp.MustCompile(`^invalid timestamp argument`), func(_ *Env, _ *ast.AST, x ast.Expr, _ []string) string {
		return quote(literalText(x)) + ` is no time; want one as in RFC 3339, "2026-01-31T18:00:00Z"`
	}},
	{regexp.MustCompile(`^comprehension exceeds nesting limit`), func(*Env, *ast.AST, ast.Expr, []string) string {
		return fmt.Sprintf("all, exists, exists_one, map and filter stand in one another deeper than %d levels", maxLoops)
	}},
	{regexp.MustCompile(`^expression of type '(.*)' cannot be range of a comprehension`), func(_ *Env, _ *ast.AST, _ ast.Expr, m []string) string {
		return article(m[1]) + " is no list, and all, exists, exists_one, map and filter want one"
	}},
}

// macroForms are what CEL takes for no function if the arguments are too many or
// too few.
var macroForms = map[string]string{
	"all":        "list.all(x, condition of x)",
	"exists":     "list.exists(x, condition of x)",
	"exists_one": "list.exists_one(x, condition of x)",
	"filter":     "list.filter(x, condition of x)",
	"map":        "list.map(x, value of x)",
	"has":        "has(message.field)",
	"in_list":    "in_list(string | SipUri | Contact, list string)",
	"share":      "share(name string, percent number)",
}

func (e *Env) undeclared(name string) string {
	if form, ok := macroForms[name]; ok {
		return name + " is called as " + form
	}
	message := "undeclared reference to " + quote(name) + didYouMean(name, e.names())
	switch strings.ToLower(name) {
	case "and", "or", "not":
		return unexpected(name)
	case "req", "request", "invite":
		message += `; the request of the caller is "call"`
	}
	return message
}

// names are all that a name can be.
func (e *Env) names() []string {
	var names []string
	for _, v := range varTypes {
		names = append(names, v.name)
	}
	for _, n := range enumNames() {
		names = append(names, n.name)
	}
	for name := range e.env.Functions() {
		if isWord(name[0]) && !strings.HasPrefix(name, "_") {
			names = append(names, name)
		}
	}
	names = append(names, sortedKeys(macroForms)...)
	slices.Sort(names)
	return names
}

func undefinedField(parsed *ast.AST, x ast.Expr, name string) string {
	if x == nil || x.Kind() != ast.SelectKind {
		return "there is no field " + quote(name)
	}
	t, ok := typeOf(parsed.Expr(), x.AsSelect().Operand(), nil)
	m := contractTypes.byName[t.TypeName()]
	if !ok || m == nil {
		return "there is no field " + quote(name)
	}
	message := article(m.name) + " has no field " + quote(name)
	if hint := didYouMean(name, m.names); hint != "" {
		return message + hint
	}
	return message + "; it has " + strings.Join(m.names, ", ")
}

// noOverload says which types do not go together.
func (e *Env) noOverload(name, signature string) string {
	args := argTypes(signature)
	if symbol, ok := operators.FindReverse(name); ok && symbol != "" || name == operators.Index || name == operators.Conditional {
		return wrongOperands(name, symbol, args)
	}
	if forms := formsOf(name); len(forms) > 0 {
		return fmt.Sprintf("%s is called as %s, and not with %s", strings.TrimPrefix(name, "@"), strings.Join(forms, " or "), signature)
	}
	if f := e.env.Functions()[name]; f != nil {
		var forms []string
		for _, o := range f.OverloadDecls() {
			forms = append(forms, formOf(name, o.IsMemberFunction(), o.ArgTypes()))
		}
		forms = slices.Compact(forms)
		if len(forms) > 4 {
			forms = append(forms[:4], "...")
		}
		return fmt.Sprintf("%s is called as %s, and not with %s", name, strings.Join(forms, " or "), signature)
	}
	return fmt.Sprintf("%s cannot be called with %s", name, signature)
}

func formsOf(name string) []string {
	var forms []string
	for _, f := range functions {
		if f.callName() == name {
			form, _, _ := strings.Cut(f.Signature, " -> ")
			forms = append(forms, form)
		}
	}
	return forms
}

func formOf(name string, member bool, args []*types.Type) string {
	var words []string
	for _, a := range args {
		words = append(words, cel.FormatCELType(a))
	}
	if member && len(words) > 0 {
		return words[0] + "." + name + "(" + strings.Join(words[1:], ", ") + ")"
	}
	return name + "(" + strings.Join(words, ", ") + ")"
}

func wrongOperands(name, symbol string, args []string) string {
	switch {
	case name == operators.Conditional && len(args) == 3:
		if args[0] != "bool" {
			return "what stands before ? is " + article(args[0]) + ", and want true or false" + emptyHint(args[0])
		}
		return fmt.Sprintf("the results on both sides of : are of one type, and these are %s and %s", article(args[1]), article(args[2]))
	case name == operators.Index && len(args) == 2:
		if strings.Contains(args[0], "Header") || strings.Contains(args[0], "Param") {
			return `a list is indexed by a number; header(call, "X-Tenant") and param(contact.uri, "rn") look for a name`
		}
		return fmt.Sprintf("%s is not indexed by %s", article(args[0]), article(args[1]))
	case len(args) == 1:
		return fmt.Sprintf("%q stands before %s, which makes no sense", symbol, article(args[0])) + emptyHint(args[0])
	case len(args) == 2:
		return fmt.Sprintf("%s and %s do not go together with %q", article(args[0]), article(args[1]), symbol) + pairHint(args[0], args[1])
	}
	return fmt.Sprintf("%q cannot be applied here", symbol)
}

// pairHint helps with operands that are often confused.
func pairHint(a, b string) string {
	both := []string{a, b}
	has := func(t string) bool { return slices.Contains(both, t) }
	switch {
	case has("null"):
		return `; what is absent reads as "" or 0, and has(contact.q_milli) tells whether it is there`
	case has("duration") && (has("int") || has("double")):
		return `; a duration is written duration("5s")`
	case has("timestamp") && (has("int") || has("string")):
		return `; a time is written timestamp("2026-01-31T18:00:00Z"), and windows of a week are asked for by in_time`
	case has("double") && has("int"):
		return "; a number of type double is written with a point, as in 1.0"
	case has("string") && (has("int") || has("uint") || has("double")):
		return `; a text is written "5", and a number 5`
	}
	return ""
}

// emptyHint helps those who take a text or a number for a truth value.
func emptyHint(t string) string {
	switch t {
	case "string":
		return `; compare it, as in == "x" or != ""`
	case "int", "uint", "double":
		return "; compare it, as in != 0"
	}
	return ""
}

// argTypes splits "(string, list(int))", or "string.(int)" of a method.
func argTypes(signature string) []string {
	receiver, rest, ok := strings.Cut(signature, ".(")
	var args []string
	if ok && !strings.HasPrefix(signature, "(") {
		args = append(args, receiver)
	} else {
		rest = strings.TrimPrefix(signature, "(")
	}
	rest = strings.TrimSuffix(rest, ")")
	depth, start := 0, 0
	for i := range len(rest) {
		switch rest[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, strings.TrimSpace(rest[start:i]))
				start = i + 1
			}
		}
	}
	if last := strings.TrimSpace(rest[start:]); last != "" {
		args = append(args, last)
	}
	return args
}

// aType names a type for people, with its article: "a string".
func aType(t interface{ TypeName() string }) string {
	name := t.TypeName()
	if ct, ok := t.(*types.Type); ok {
		name = cel.FormatCELType(ct)
	}
	return article(contractNames(name))
}

// article puts "a" or "an" before a word.
func article(word string) string {
	word = contractNames(word)
	if word != "" && strings.IndexByte("aeioAEIO", word[0]) >= 0 {
		return "an " + word
	}
	return "a " + word
}

// contractNames shortens the names of messages.
func contractNames(s string) string { return strings.ReplaceAll(s, "redirect.v1.", "") }

// literalText returns the text of a literal.
func literalText(x ast.Expr) string {
	if x == nil || x.Kind() != ast.LiteralKind {
		return ""
	}
	s, _ := textOf(x.AsLiteral())
	return s
}

// nodeOf finds a node by its id, or returns nil.
func nodeOf(a *ast.AST, id int64) ast.Expr {
	var found ast.Expr
	ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.ID() == id && found == nil {
			found = x
		}
	}))
	return found
}

// toName moves a place that the parser gives as "(" or "." to the name that is
// meant.
func (e *Error) toName() {
	line := []rune(nthLine(e.Source, e.Line))
	at := e.Column - 1
	if at < 0 || at >= len(line) {
		return
	}
	isName := func(r rune) bool { return r < 0x80 && isWord(byte(r)) }
	switch line[at] {
	case '(':
		for at > 0 && isName(line[at-1]) {
			at--
		}
	case '.':
		if at+1 < len(line) && isName(line[at+1]) {
			at++
		}
	}
	e.Column = at + 1
}
