package expr

import "cel.dev/cel-go/cel"

// fold computes what is the same for every question. An expression that cannot
// be folded, since a part of it fails whenever it is evaluated, stays as it is:
// it may never be evaluated.
func (e *Env) fold(a *cel.Ast) *cel.Ast {
	folder, err := cel.NewConstantFoldingOptimizer()
	if err != nil {
		return a
	}
	opt, err := cel.NewStaticOptimizer(folder)
	if err != nil {
		return a
	}
	folded, issues := opt.Optimize(e.env, a)
	if issues.Err() != nil {
		return a
	}
	return folded
}
