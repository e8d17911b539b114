package expr

import (
	"fmt"
	"maps"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"
)

// Env is what expressions may use: the variables and functions of this package
// and the named lists of a policy. It is immutable and safe for concurrent use.
type Env struct {
	lists map[string]*List
	env   *cel.Env
}

// NewEnv makes an environment with these lists, by name. An error is a mistake
// of this program, and not of a policy.
func NewEnv(lists map[string]*List) (*Env, error) {
	e := &Env{lists: maps.Clone(lists)}
	opts := []cel.EnvOption{
		cel.CustomTypeAdapter(contractTypes),
		cel.CustomTypeProvider(contractTypes),
		ext.Strings(ext.StringsVersion(5)),
		cel.CrossTypeNumericComparisons(true),
		cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(MaxSource),
		cel.ParserRecursionLimit(maxNesting),
		cel.ExpressionNodeLimit(maxNodes),
		cel.ASTValidators(
			cel.ValidateRegexLiterals(),
			cel.ValidateDurationLiterals(),
			cel.ValidateTimestampLiterals(),
			cel.ValidateHomogeneousAggregateLiterals(),
			cel.ValidateComprehensionNestingLimit(maxLoops),
		),
	}
	for _, v := range varTypes {
		opts = append(opts, cel.Variable(v.name, v.typ))
	}
	opts = append(opts, enumConstants()...)
	opts = append(opts, e.declare()...)
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("make an environment for expressions: %w", err)
	}
	e.env = env
	return e, nil
}

// enumConstants declares the values of the enums.
func enumConstants() []cel.EnvOption {
	var opts []cel.EnvOption
	for _, n := range enumNames() {
		opts = append(opts, cel.Constant(n.name, cel.IntType, n.value))
	}
	return opts
}
