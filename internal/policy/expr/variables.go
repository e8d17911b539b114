package expr

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Variable documents one variable of expressions.
type Variable struct {
	// Name as it is written.
	Name string
	// Type is a message of the contract, a list of one, or timestamp.
	Type string
	// Text says what it holds, in one or two sentences.
	Text string
}

// Variables returns the variables in the order of their documentation.
func Variables() []Variable {
	docs := make([]Variable, 0, len(varTypes))
	for _, v := range varTypes {
		docs = append(docs, Variable{Name: v.name, Type: contractNames(cel.FormatCELType(v.typ)), Text: v.text})
	}
	return docs
}

// varType is a variable with its type.
type varType struct {
	name string
	typ  *cel.Type
	text string
}

var varTypes = []varType{
	{"call", callType, "The request that was redirected, as the caller sent it."},
	{"redirect", redirectType, "The 3xx and its contacts; empty if the event is no redirect."},
	{"response", responseType, "The response that brought the event: the 3xx, the advice, or that of the attempt that failed, empty if none came."},
	{"contact", contactType, "The contact that the rule is asked about. There is none where a rule is about the whole call."},
	{"attempts", types.NewListType(objectType[redirectv1.Attempt]()), "Every attempt of this call so far, oldest first; the first one is the request to the next hop."},
	{"edge", objectType[redirectv1.Edge](), "The edge that asks."},
	{"now", types.TimestampType, "When the question was asked, by the clock of the edge."},
}
