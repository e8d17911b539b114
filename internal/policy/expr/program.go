package expr

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types/ref"
)

// program is a compiled expression of any type.
type program struct {
	env         *Env
	src         string
	checked     *cel.Ast
	planned     *cel.Ast    // what is constant is computed
	fast        cel.Program // of planned
	result      *cel.Type
	folded      ref.Val // the result if it is the same for every question, or nil
	usesContact bool
	costly      bool // may cost more than maxCost by the estimate

	watched func() (cel.Program, error) // stops at maxCost
	tracked func() (*tracker, error)    // remembers what it saw
}

// compile compiles an expression. The error is an *Error.
func (e *Env) compile(src string) (*program, error) {
	checked, err := e.check(src)
	if err != nil {
		return nil, err
	}
	p := &program{env: e, src: src, checked: checked, result: checked.OutputType()}
	p.usesContact = mentions(checked.NativeRep().Expr(), "contact")
	if err := p.estimate(); err != nil {
		return nil, err
	}
	folded := e.fold(checked)
	if x := folded.NativeRep().Expr(); x.Kind() == ast.LiteralKind {
		p.folded = x.AsLiteral()
	}
	p.planned = folded
	p.fast, err = e.env.Program(folded, e.fastOptions()...)
	if err != nil {
		return nil, p.failed("it cannot be evaluated: " + plain(reason(err)))
	}
	p.watched = sync.OnceValues(func() (cel.Program, error) {
		return e.env.Program(checked, cel.CostTracking(sizes{}), cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	})
	p.tracked = sync.OnceValues(p.newTracker)
	return p, nil
}

// eval evaluates the expression. The error is an *Error.
func (p *program) eval(in *Input) (ref.Val, error) {
	if p.costly || in.large {
		return p.evalWatched(in)
	}
	v, _, err := p.fast.Eval(in.frame)
	if err != nil {
		return nil, p.runtimeError(p.planned.NativeRep(), err)
	}
	return v, nil
}

// evalWatched evaluates the expression and stops when it takes too long.
func (p *program) evalWatched(in *Input) (ref.Val, error) {
	run, err := p.watched()
	if err != nil {
		return nil, p.failed("it cannot be evaluated: " + plain(reason(err)))
	}
	// Not in.frame: what an evaluation cost would count for the next one.
	v, _, err := run.Eval(&in.vars)
	if err != nil {
		return nil, p.runtimeError(p.checked.NativeRep(), err)
	}
	return v, nil
}

func (p *program) failed(message string) *Error {
	return &Error{Source: p.src, Message: message}
}
