package next

// Question is what a client knows. At first it has no token, and says which call was
// redirected, and how; with the token of the answer before it says how the target of
// that answer ended. The zero value of a field means that nothing is said of it.
type Question struct {
	// Token is that of the answer before. Empty: the first question about a call.
	Token string

	// Invite is the request as text. It counts in the first question only.
	Invite string
	// URI, From, To and CallID stand for it where a client has no text.
	URI, From, To, CallID string

	// Response is the final response as text, 300 to 699.
	Response string
	// Status, Reason and Contacts stand for it: each of the latter is the value of a
	// Contact header field. Status 0: see Outcome.
	Status   int
	Reason   string
	Contacts []string
	// Outcome is how a target ended that brought no final response: one of [Outcomes].
	Outcome string
	// Rang says that the target answered 180 or 183 before it ended.
	Rang bool
	// Advice says that the first response came from a redirect server that is nothing
	// else: then one from 400 to 699 is asked about too.
	Advice bool

	// Trunk, Profile and Attributes go to the policy as they are, at the first question.
	Trunk, Profile string
	Attributes     map[string]string
	// Features are what the client can do, of [Features], and AllowedHeaders the names
	// of header fields that a decision may touch, at the first question. Nil: what
	// DefaultFeatures and decision.DefaultAllowedHeaders say.
	Features, AllowedHeaders []string
}

// Outcomes are the values of [Question.Outcome].
var Outcomes = []string{"response_timeout", "answer_timeout", "transport_error", "unresolvable", "refused"}

// Features are all that a client may be able to do, in the words of the contract
// (Edge.features).
var Features = []string{"routes", "next_hop", "header_ops", "timeouts", "consult_on_failure", "pass_through", "onward"}

// DefaultFeatures are all but onward: that a client has a route of its own, it must
// say.
var DefaultFeatures = Features[:len(Features)-1]

// Error says what is wrong with a question.
type Error struct {
	Field string // "response", "contacts[0]"
	Text  string // what was seen and what would be right
}

// Error returns the field and the text.
func (e *Error) Error() string { return e.Field + ": " + e.Text }
