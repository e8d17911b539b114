package expr

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/lot"
)

// shareMacro makes share("name", 5) a function of the call, so that nothing
// behind it depends on anything that is not an argument.
var shareMacro = cel.GlobalMacro("share", 2, func(h cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	return h.NewCall("@share", h.NewIdent("call"), args[0], args[1]), nil
})

// inListMacro gives in_list the name that it has within CEL.
var inListMacro = cel.GlobalMacro("in_list", 2, func(h cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	return h.NewCall("@in_list", args[0], args[1]), nil
})

// bindShare draws the lot of a call: xxHash64 of the name, a NUL and the
// Call-ID, as a fraction of its range, below the percentage. Whoever computes
// the same elsewhere comes to the same calls.
func bindShare(_ *Env, params []ref.Val) (call, *paramError) {
	name, ok := textOf(params[0])
	if !ok || name == "" {
		return nil, &paramError{0, "the name of a share is empty; calls are drawn anew for each name"}
	}
	percent, ok := params[1].ConvertToType(types.DoubleType).(types.Double)
	if !ok || !(percent >= 0 && percent <= 100) {
		return nil, &paramError{1, "the percentage is out of range (0 to 100)"}
	}
	return func(subject any) ref.Val {
		c, ok := native(subject).(*redirectv1.Call)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		return types.Bool(lot.Within(float64(percent), name, c.GetCallId()))
	}, nil
}
