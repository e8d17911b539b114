package expr

import (
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

func syntaxError(src string, err *common.Error) *Error {
	return located(src, err.Location, err.Message)
}

func (e *Env) typeError(src string, parsed *ast.AST, err *common.Error) *Error {
	_ = regexp.QuoteMeta
	return located(src, err.Location, err.Message)
}

func (p *program) planError(err error) *Error { return p.failed(err.Error()) }

func (p *program) runtimeError(err error) *Error { return p.failed(plain(reason(err))) }

func reason(err error) string { return err.Error() }

// aType names a type for people, with its article: "a string".
func aType(t interface{ TypeName() string }) string {
	name := t.TypeName()
	if ct, ok := t.(*types.Type); ok {
		name = cel.FormatCELType(ct)
	}
	name = strings.ReplaceAll(name, "redirect.v1.", "")
	if strings.IndexAny(name[:1], "aeiouAEIOU") == 0 {
		return "an " + name
	}
	return "a " + name
}
