package expr

import "cel.dev/cel-go/cel"

func (e *Env) fold(a *cel.Ast) (*cel.Ast, error) {
	folder, err := cel.NewConstantFoldingOptimizer()
	if err != nil {
		return nil, err
	}
	opt, err := cel.NewStaticOptimizer(folder)
	if err != nil {
		return nil, err
	}
	folded, issues := opt.Optimize(e.env, a)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	return folded, nil
}

func (e *Env) fastOptions() []cel.ProgramOption {
	return []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
}
