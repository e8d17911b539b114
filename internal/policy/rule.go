package policy

import (
	"strconv"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
)

// Rule is one rule of a profile: a condition, and what to do where it holds. It
// is immutable.
type Rule struct {
	Name string
	At   Position
	// On says of which events the rule hears.
	On events
	// When holds or not; nil: always.
	When *expr.Condition
	Then Action
}

// events is a set of events of the contract.
type events uint8

const (
	onRedirect events = 1 << iota
	onAdvice
	onFailure
)

// Action is what a rule does. One that ends the search, or the judgement of a
// contact, does nothing else; any other changes the target, and later rules may
// change it further.
type Action struct {
	End ending
	// Answer is the response of endReject.
	Answer *redirectv1.FinalResponse
	// Reason and header texts of Answer that have to be worked out.
	reason  *expr.Template
	headers []headerAction

	Rank   rank // before or after the other contacts
	Weight int  // 1 to 65535 for order: weighted; 0: unset

	rewrite                        *rewrite
	via                            []*expr.Template
	nextHop                        *expr.Template
	label                          *expr.Template
	responseTimeout, answerTimeout time.Duration
}

// ending is what a rule brings to an end.
type ending int

const (
	endNothing     ending = iota
	endSkip               // the contact is no target
	endKeep               // the contact is one as it is now; no further rule is asked about it
	endReject             // the search, with a final response
	endPassThrough        // the search: the response that brought the event goes to the caller
	endStop               // the search: the best response so far goes to the caller
)

// ofContact reports whether the ending is that of a contact.
func (e ending) ofContact() bool { return e == endSkip || e == endKeep }

// rank is where a contact stands among the others, whatever its q.
type rank int

const (
	rankFirst rank = iota - 1
	rankOrdinary
	rankLast
)

// title names a rule in an explanation: `no premium numbers (policy.yaml:14)`.
func (r *Rule) title() string {
	if r.At.Line == 0 {
		return r.Name
	}
	return r.Name + " (" + clean(r.At.File) + ":" + strconv.Itoa(r.At.Line) + ")"
}

// usesContact reports whether a rule has to be asked about each contact.
func (r *Rule) usesContact() bool { return r.When != nil && r.When.UsesContact() }

// settlesContact reports whether a rule may say the last word about a single
// contact.
func (r *Rule) settlesContact() bool {
	return r.Then.End.ofContact() || r.Then.End != endNothing && r.usesContact()
}

// failsClosed reports whether a condition that cannot be worked out counts as
// true: what keeps a call from somewhere must not give way to an error.
func (r *Rule) failsClosed() bool { return r.Then.End == endSkip || r.Then.End == endReject }
