package expr

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Function documents one function of expressions.
type Function struct {
	// Name as it is called.
	Name string
	// Signature with the types of arguments and result.
	Signature string
	// Text says what it does, in one or two sentences.
	Text string
	// Example is an expression that calls it.
	Example string
	// Result is what the example results in, as a literal of the language.
	Result string
}

// Functions returns the functions of this package in the order of their
// documentation. The functions, operators and macros of CEL's standard library
// and of its string extension are there too.
func Functions() []Function {
	docs := make([]Function, 0, len(functions))
	for _, f := range functions {
		docs = append(docs, f.Function)
	}
	return docs
}

// function is one function: of a subject, its first argument, and parameters,
// which are texts or numbers that are nearly always written out.
type function struct {
	Function
	subjects []*cel.Type
	params   []param
	result   *cel.Type
	// bind checks the parameters and returns what is then done to each subject.
	bind func(e *Env, params []ref.Val) (call, *paramError)
	// cost in units of CEL: what the estimate counts for a call.
	cost uint64
	// remembered over all expressions of a question, as it takes long.
	remembered bool
	// internal is the name behind the macro that makes the call, if any.
	internal string
}

// param is a parameter of a function.
type param struct {
	name    string
	types   []*cel.Type
	literal bool // has to be written out
}

// call does what a function does to its subject: a value of CEL, or a pointer to
// a message of the contract.
type call func(subject any) ref.Val

// paramError is a parameter that cannot be right, whatever the subject.
type paramError struct {
	index   int
	message string
}

var (
	callType     = objectType[redirectv1.Call]()
	uriType      = objectType[redirectv1.SipUri]()
	contactType  = objectType[redirectv1.Contact]()
	redirectType = objectType[redirectv1.Redirect]()
	responseType = objectType[redirectv1.SipResponse]()

	// uriLike is what has a number and a host.
	uriLike = []*cel.Type{uriType, contactType, cel.StringType}
	// headerLike is what has header fields.
	headerLike = []*cel.Type{callType, responseType, redirectType}

	textParams = []*cel.Type{cel.StringType}
)

// callName is the name of the function in CEL.
func (f *function) callName() string {
	if f.internal != "" {
		return f.internal
	}
	return f.Name
}

// functionByName finds one by the name that CEL calls; several of one name have
// different numbers of parameters.
func functionByName(name string, params int) *function {
	i := slices.IndexFunc(functions, func(f *function) bool { return f.callName() == name && len(f.params) == params })
	if i < 0 {
		return nil
	}
	return functions[i]
}

// declare declares the functions to CEL.
func (e *Env) declare() []cel.EnvOption {
	byName := make(map[string][]*function)
	var names []string
	for _, f := range functions {
		name := f.callName()
		if byName[name] == nil {
			names = append(names, name)
		}
		byName[name] = append(byName[name], f)
	}
	opts := []cel.EnvOption{cel.Macros(shareMacro, inListMacro)}
	for _, name := range names {
		var fopts []cel.FunctionOpt
		for _, f := range byName[name] {
			fopts = append(fopts, f.overloads()...)
		}
		fopts = append(fopts, cel.SingletonFunctionBinding(func(args ...ref.Val) ref.Val {
			return e.dispatch(name, args)
		}))
		opts = append(opts, cel.Function(name, fopts...))
	}
	return opts
}

// overloads are all combinations of the types of subject and parameters.
func (f *function) overloads() []cel.FunctionOpt {
	combinations := [][]*cel.Type{}
	for _, s := range f.subjects {
		combinations = append(combinations, []*cel.Type{s})
	}
	for _, p := range f.params {
		var next [][]*cel.Type
		for _, c := range combinations {
			for _, t := range p.types {
				next = append(next, append(slices.Clone(c), t))
			}
		}
		combinations = next
	}
	var opts []cel.FunctionOpt
	for _, args := range combinations {
		id := []string{f.callName()}
		for _, a := range args {
			id = append(id, a.String())
		}
		opts = append(opts, cel.Overload(strings.Join(id, "_"), args, f.result))
	}
	return opts
}

// dispatch calls a function whose parameters are known only now.
func (e *Env) dispatch(name string, args []ref.Val) ref.Val {
	f := functionByName(name, len(args)-1)
	if f == nil {
		return types.NoSuchOverloadErr()
	}
	do, err := f.bind(e, args[1:])
	if err != nil {
		return types.NewErr("%s: %s", f.Name, err.message)
	}
	return do(args[0])
}

// native returns the pointer to a message behind a value.
func native(subject any) any {
	if m, ok := subject.(*message); ok {
		return m.m
	}
	return subject
}

// uriOf returns the URI of a subject that is or has one.
func uriOf(subject any) (*redirectv1.SipUri, bool) {
	switch s := native(subject).(type) {
	case *redirectv1.SipUri:
		return s, true
	case *redirectv1.Contact:
		return s.GetUri(), true
	}
	return nil, false
}

// headersOf returns the header fields of a subject that has them.
func headersOf(subject any) ([]*redirectv1.Header, bool) {
	switch s := native(subject).(type) {
	case *redirectv1.Call:
		return s.GetHeaders(), true
	case *redirectv1.SipResponse:
		return s.GetHeaders(), true
	case *redirectv1.Redirect:
		return s.GetResponse().GetHeaders(), true
	}
	return nil, false
}

// dialledOf returns what of a subject can be a number.
func dialledOf(subject any) (string, bool) {
	if s, ok := subject.(types.String); ok {
		return dialledText(string(s)), true
	}
	u, ok := uriOf(subject)
	return dialled(u), ok
}

// hostOf returns the host of a URI, or the text that names one.
func hostOf(subject any) (string, bool) {
	if s, ok := subject.(types.String); ok {
		return string(s), true
	}
	u, ok := uriOf(subject)
	return reading(u).GetHost(), ok
}

// textOf returns a parameter that is a text.
func textOf(v ref.Val) (string, bool) {
	s, ok := v.(types.String)
	return string(s), ok
}
