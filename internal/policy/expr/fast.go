package expr

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
	"google.golang.org/protobuf/proto"
)

// fastOptions are those of the program that decides: constants and regular
// expressions are computed once, and so are the parameters of functions.
func (e *Env) fastOptions() []cel.ProgramOption {
	return []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize), cel.CustomDecoratorV2(e.bindCalls)}
}

// bindCalls replaces a call of a function whose parameters are written out by
// one that has them already.
func (e *Env) bindCalls(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	c, ok := i.(interpreter.InterpretableCall)
	if !ok {
		return i, nil
	}
	args := c.Args()
	f := functionByName(c.Function(), len(args)-1)
	if f == nil {
		return i, nil
	}
	var params []ref.Val
	for _, a := range args[1:] {
		lit, ok := a.(interpreter.InterpretableConst)
		if !ok {
			return i, nil
		}
		params = append(params, lit.Value())
	}
	do, err := f.bind(e, params)
	if err != nil {
		return i, nil // what is wrong with it is said when it is called
	}
	b := &boundCall{InterpretableCall: c, subject: args[0], do: do}
	b.attribute, _ = args[0].(interpreter.InterpretableAttribute)
	if f.remembered {
		param := ""
		if len(params) > 0 {
			param, _ = textOf(params[0])
		}
		return &rememberedCall{boundCall: b, function: f.Name, param: param}, nil
	}
	return b, nil
}

// boundCall calls a function with parameters that were checked before.
type boundCall struct {
	interpreter.InterpretableCall
	subject interpreter.InterpretableV2
	// attribute is the subject if it is a variable or a field: then a message
	// need not become a value of CEL.
	attribute interpreter.InterpretableAttribute
	do        call
}

// Exec implements interpreter.InterpretableV2.
func (b *boundCall) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	subject, err := b.resolve(frame)
	if err != nil {
		return err
	}
	return b.do(subject)
}

// Eval implements interpreter.Interpretable.
func (b *boundCall) Eval(a interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(a, b.Exec)
}

// resolve returns the subject, or the error in its place.
func (b *boundCall) resolve(frame *interpreter.ExecutionFrame) (subject any, failed ref.Val) {
	if b.attribute == nil {
		v := b.subject.Exec(frame)
		if types.IsUnknownOrError(v) {
			return nil, v
		}
		return v, nil
	}
	got, err := b.attribute.Resolve(frame)
	if err != nil {
		return nil, types.LabelErrNode(b.attribute.ID(), types.WrapErr(err))
	}
	switch got := got.(type) {
	case ref.Val:
		if types.IsUnknownOrError(got) {
			return nil, got
		}
		return got, nil
	case proto.Message:
		return got, nil
	}
	return contractTypes.NativeToValue(got), nil
}

// maxRemembered is how many results a question remembers.
const maxRemembered = 1024

// rememberedCall is a boundCall of a function of a number that takes long.
type rememberedCall struct {
	*boundCall
	function, param string
}

// Exec implements interpreter.InterpretableV2.
func (r *rememberedCall) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	subject, failed := r.resolve(frame)
	if failed != nil {
		return failed
	}
	text, ok := dialledOf(subject)
	found, _ := frame.ResolveName(inputName)
	in, isInput := found.(*Input)
	if !ok || !isInput {
		return r.do(subject)
	}
	key := memoKey{r.function, r.param, text}
	if v, ok := in.memo[key]; ok {
		return v
	}
	v := r.do(types.String(text))
	if in.memo == nil {
		in.memo = make(map[memoKey]ref.Val)
	}
	if len(in.memo) < maxRemembered {
		in.memo[key] = v
	}
	return v
}

// Eval implements interpreter.Interpretable.
func (r *rememberedCall) Eval(a interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(a, r.Exec)
}
