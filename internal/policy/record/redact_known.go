package record

import (
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/pseudonym"
)

const (
	// minWord is the shortest user that is looked for in texts, in bytes: a shorter
	// one is found everywhere.
	minWord = 3
	// minShared is how many digits two numbers must end with alike, for one to be
	// made of the other; maxPrefix how many digits a policy puts before them.
	minShared = 6
	maxPrefix = 6
)

// known are the users and names of an entry with their pseudonyms.
type known struct {
	pseudonyms map[string]string
	words      []string // those to look for in texts, the longest first
	numbers    []number
}

// number is a number and its pseudonym, the digits only.
type number struct{ digits, pseudonym string }

func newKnown() known { return known{pseudonyms: make(map[string]string)} }

// learn notes a pseudonym, and returns it.
func (r *redactor) learn(user, as string) string {
	if _, ok := r.known.pseudonyms[user]; ok || user == as {
		return as
	}
	r.known.pseudonyms[user] = as
	if len(user) >= minWord {
		at, _ := slices.BinarySearchFunc(r.known.words, user, func(a, b string) int { return len(b) - len(a) })
		r.known.words = slices.Insert(r.known.words, at, user)
	}
	if pseudonym.IsNumber(user) {
		r.known.numbers = append(r.known.numbers, number{pseudonym.Digits(user), pseudonym.Digits(as)})
	}
	return as
}

// made returns the pseudonym of a user that a policy chose: that of a known one; of
// a number made of a known one, such as 0301234 of +49301234, a number made of its
// pseudonym; else its own.
func (r *redactor) made(user string) string {
	if as, ok := r.known.pseudonyms[user]; ok {
		return as
	}
	if !pseudonym.IsNumber(user) {
		return r.mapper.Of(user)
	}
	digits := pseudonym.Digits(user)
	best, shared := number{}, 0
	for _, n := range r.known.numbers {
		if s := sharedEnd(digits, n.digits); s > shared {
			best, shared = n, s
		}
	}
	if shared < minShared || len(digits)-shared > maxPrefix {
		return r.mapper.Of(user)
	}
	return withDigits(user, digits[:len(digits)-shared]+best.pseudonym[len(best.pseudonym)-shared:])
}

// sharedEnd returns how many characters two texts end with alike.
func sharedEnd(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

// withDigits puts other digits, as many, into a number.
func withDigits(number, digits string) string {
	i := 0
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			r = rune(digits[i])
			i++
		}
		return r
	}, number)
}
