package policy

import (
	"slices"
	"time"
)

// Profile says how the calls that name it are treated. The same profile holds
// for all attempts of a call. Take one from [NewProfile] rather than from zero.
type Profile struct {
	// Name by which Call.profile asks for it, 1 to 64 bytes.
	Name string
	// Preset that the other fields started from.
	Preset string
	// At is where the file names the profile; zero without a file.
	At Position

	// Redirect is what becomes of a 3xx.
	Redirect RedirectMode
	// Use is what the contacts of a 3xx are.
	Use ContactUse
	// Methods are those of which a 3xx is followed; empty: all of them.
	Methods []string
	// FollowRegister is whether a 3xx to REGISTER is followed.
	FollowRegister bool
	// Follow lists the statuses whose contacts are tried, 300 to 399 without
	// 380.
	Follow []int
	// UnknownAs300 treats a 3xx that RFC 3261 does not know as a 300 (8.1.3.2).
	UnknownAs300 bool
	// Map gives the final status, 400 to 699 without 408, for a 3xx that is not
	// followed or of which nothing usable is left.
	Map map[int]int
	// MapDefault is that status for a 3xx that Map does not name.
	MapDefault int
	// NoAdvice are the statuses by which a redirect server says that it has no
	// advice and the call goes onward, 400 to 599; nil: all of them but 401 and
	// 407.
	NoAdvice []statusRange

	// MaxContacts is how many contacts of one 3xx are tried at most, 1 to 64.
	MaxContacts int
	// MaxAttempts is how many redirect targets one call may try in all, nested
	// redirects included, 1 to 64. The request to the next hop is none.
	MaxAttempts int
	// MaxNesting is how many 3xx may follow from each other, 1 to 64: with 1 a
	// 3xx of a redirect target is not followed.
	MaxNesting int
	// SetupTime is how long after its arrival a call may still be sent to
	// another target, 1 s to 10 min; 0: no limit but the edge's.
	SetupTime time.Duration

	// Order is the order of the contacts of one 3xx.
	Order Order
	// Nested is where the contacts of a 3xx go while others remain.
	Nested Nested

	// ResponseTimeout and AnswerTimeout are those of every target, see
	// Target.response_timeout and Target.answer_timeout; 0: unset.
	ResponseTimeout, AnswerTimeout time.Duration
	// Advance says which failures go on to the next target.
	Advance Advance
	// StopAfterRinging ends the search once a target has answered 180 or 183.
	StopAfterRinging bool
	// Exhausted is what the caller gets when no target is left.
	Exhausted Exhausted

	// Copy are header fields that go from the 3xx into every request.
	Copy []HeaderCopy
	// ContactHeaders are the names of "?headers" of a contact that become header
	// fields of its request (19.1.5); "*" stands for all that the edge allows.
	ContactHeaders []string
	// Diversion adds a Diversion header field for each redirect (RFC 5806).
	Diversion bool
	// HistoryInfo adds History-Info entries for each retarget (RFC 7044).
	HistoryInfo bool

	// Deny and Allow keep contacts out by what their URI is.
	Deny, Allow Guard
	// Rules in the order of the file, 0 to 256.
	Rules []Rule

	byFailure bool // a rule wants to hear of failed attempts
	hasGuards bool // Deny or Allow says something
}

// Position is a place in a file; Line and Col count from 1, and 0 is nowhere.
type Position struct {
	File      string
	Line, Col int
}

// RedirectMode is what becomes of a 3xx.
type RedirectMode int

// The modes.
const (
	// RedirectEnabled follows a 3xx.
	RedirectEnabled RedirectMode = iota
	// RedirectDisabled answers every 3xx with its mapped status.
	RedirectDisabled
	// RedirectPassThrough sends the 3xx to the caller, with the contacts that the
	// guards and rules leave in it.
	RedirectPassThrough
)

// ContactUse is what the contacts of a 3xx are.
type ContactUse int

// What a contact may be.
const (
	// UsePlace takes a contact for the place to send the request to (8.1.3.4).
	UsePlace ContactUse = iota
	// UseNumber takes a contact for number portability data (RFC 4694): the
	// original Request-URI with its rn, cic and npdi goes onward.
	UseNumber
	// UseHeaders takes a 3xx for a carrier of header fields: the original
	// Request-URI goes onward with them, whatever the contacts say.
	UseHeaders
)

// Order is the order in which the contacts of one 3xx are tried.
type Order int

// The orders. What is random is so by Call-ID and URI: the same question has the
// same answer.
const (
	// OrderQ is by descending q; those of the same q keep the order of the header
	// (20.10).
	OrderQ Order = iota
	// OrderReceived is that of the header.
	OrderReceived
	// OrderWeighted is by descending q, among equals at random by the weights that
	// rules gave (as SRV has it, RFC 2782).
	OrderWeighted
	// OrderShuffled is by descending q, among equals at random.
	OrderShuffled
)

// Nested is where the contacts of a 3xx go while targets of another remain.
type Nested int

// The places.
const (
	NestedBefore  Nested = iota // depth first
	NestedAfter                 // breadth first
	NestedReplace               // the others are given up
)

// Exhausted is the final response when no target is left: the best one so far
// (16.7 step 6), or the mapped status if there is none; or always the mapped one,
// or a status of its own.
type Exhausted struct {
	Mapped bool
	Status int // 400 to 699 without 408; 0: see Mapped
}

// HeaderCopy copies the header fields of one name from the 3xx.
type HeaderCopy struct {
	Name    string
	As      string // another name for it; empty: the same
	Replace bool   // what the request has of that name goes
}

// Mapped returns the final status that stands for a 3xx.
func (p *Profile) Mapped(redirect int) int {
	if status, ok := p.Map[redirect]; ok {
		return status
	}
	return p.MapDefault
}

// Follows reports whether the contacts of a 3xx with that status are tried.
func (p *Profile) Follows(redirect int) bool {
	if slices.Contains(p.Follow, redirect) {
		return true
	}
	return p.UnknownAs300 && !known3xx(redirect) && slices.Contains(p.Follow, 300)
}

func known3xx(status int) bool { return slices.Contains([]int{300, 301, 302, 305, 380}, status) }

// final returns the final response for a search without a target left, and
// whether it stands only if no target sent one.
func (p *Profile) final(mapped int) (status int, onlyIfNone bool) {
	switch {
	case p.Exhausted.Status != 0:
		return p.Exhausted.Status, false
	case p.Exhausted.Mapped:
		return mapped, false
	}
	return mapped, true
}
