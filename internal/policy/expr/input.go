package expr

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Input is what expressions are evaluated over: one question, and one of its
// contacts or none. Make one for each question and [Input.SetContact] for each
// contact; what is costly to find out is remembered over all expressions of the
// question. It reads the request and never changes it. It belongs to one
// goroutine.
type Input struct {
	req      *redirectv1.DecideRequest
	contact  *redirectv1.Contact
	response *redirectv1.SipResponse
	large    bool
	vars     variables
	// frame is vars as the programs that decide want it: made once, it spares a
	// third of what an evaluation costs.
	frame *interpreter.ExecutionFrame
	memo  map[memoKey]ref.Val
}

// NewInput makes the input of a question. Its contact is not set.
func NewInput(req *redirectv1.DecideRequest) *Input {
	in := &Input{req: req, response: responseOf(req), large: isLarge(req)}
	in.vars.in = in
	// It fails for what is no activation.
	in.frame, _ = interpreter.NewExecutionFrame(&in.vars)
	return in
}

// SetContact sets the contact that the variable contact stands for; nil: none,
// and what mentions it is an error. It returns in.
func (in *Input) SetContact(c *redirectv1.Contact) *Input {
	in.contact = c
	return in
}

// responseOf returns the response that brought the event.
func responseOf(req *redirectv1.DecideRequest) *redirectv1.SipResponse {
	switch e := req.GetEvent().(type) {
	case *redirectv1.DecideRequest_Redirect:
		return e.Redirect.GetResponse()
	case *redirectv1.DecideRequest_Advice:
		return e.Advice.GetResponse()
	case *redirectv1.DecideRequest_Failure:
		if a := req.GetAttempts(); len(a) > 0 {
			return a[len(a)-1].GetResponse()
		}
	}
	return nil
}

// memoKey names a result that is remembered: of a function with a parameter,
// for a text.
type memoKey struct{ function, param, text string }

// variables is an Input as an activation of CEL.
type variables struct{ in *Input }

// inputName resolves to the Input itself; no identifier of CEL has an "@".
const inputName = "@input"

// ResolveName implements cel.Activation.
func (v *variables) ResolveName(name string) (any, bool) {
	in := v.in
	switch name {
	case "contact":
		if in.contact == nil {
			return types.NewErr("there is no contact here"), true
		}
		return in.contact, true
	case "call":
		return in.req.GetCall(), true
	case "redirect":
		return in.req.GetRedirect(), true
	case "response":
		return in.response, true
	case "attempts":
		return messages[redirectv1.Attempt](in.req.GetAttempts()), true
	case "edge":
		return in.req.GetEdge(), true
	case "now":
		at := in.req.GetAskedAt()
		if at.CheckValid() != nil {
			return types.NewErr("the question does not say when it was asked (asked_at)"), true
		}
		return types.Timestamp{Time: at.AsTime()}, true
	case inputName:
		return in, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (v *variables) Parent() cel.Activation { return nil }
