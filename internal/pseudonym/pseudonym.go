// Package pseudonym puts other users in the place of users, of the same kind: a
// number becomes a number with as many digits, a name a name with as many letters.
//
// With one key the same user always gets the same pseudonym, and two users never
// get one: whoever compares users comes to the same result. No user keeps its own.
// Without the key nothing leads from a pseudonym to its user.
package pseudonym

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"hash"
	"strings"
	"unicode/utf8"
)

const (
	// KeptDigits is how many digits a number begins with that stay, at most: those
	// that say where it leads. Of a short number it is at most half.
	KeptDigits = 4
	// maxMemo bounds how many pseudonyms are remembered, maxMemoLen of how long
	// users, in bytes.
	maxMemo    = 1 << 15
	maxMemoLen = 64
)

// Mapper has the pseudonyms of one key. It is not safe for concurrent use.
type Mapper struct {
	mac  hash.Hash
	memo map[string]string
}

// New returns the mapper of a key.
func New(key []byte) *Mapper {
	return &Mapper{mac: hmac.New(sha256.New, key), memo: make(map[string]string)}
}

// NewRandom returns the mapper of a key that nobody knows.
func NewRandom() *Mapper {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // it never fails
	return New(key)
}

// Of returns the pseudonym of a user, not %-escaped. A number keeps its "+", its
// separators and its first digits; anything else keeps what is neither an ASCII
// letter nor a digit, but for letters beyond ASCII, which become others. What is
// nobody's user ("anonymous") stays.
func (m *Mapper) Of(user string) string {
	if user == "" || nobody[strings.ToLower(user)] {
		return user
	}
	if p, ok := m.memo[user]; ok {
		return p
	}
	if len(m.memo) >= maxMemo {
		clear(m.memo)
	}
	p := m.make(user)
	if len(user) <= maxMemoLen {
		m.memo[user] = p
	}
	return p
}

// nobody are users that say that there is none to be known (RFC 3323, RFC 3325).
var nobody = map[string]bool{"anonymous": true, "restricted": true, "unavailable": true, "unknown": true}

func (m *Mapper) make(user string) string {
	s := shapeOf(user)
	m.permute(s)
	return s.String()
}

// IsNumber reports whether a user is a number: digits, with a "+" before and
// separators between them (RFC 3966), "*" and "#".
func IsNumber(user string) bool {
	rest := strings.TrimPrefix(user, "+")
	return strings.ContainsAny(rest, "0123456789") && strings.Trim(rest, "0123456789-.()*# ") == ""
}

// Digits returns the digits of a number.
func Digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
}

// Kept is how many of so many digits of a number stay.
func Kept(digits int) int { return min(KeptDigits, digits/2) }

// shape is a user taken apart: what stays, and what becomes another.
type shape struct {
	runes  []rune
	at     []int   // indexes of the runes that become others
	class  []class // of those
	value  []byte  // of those, below the size of their class
	tweak  string  // users with different ones have nothing to do with each other
	beyond []int   // indexes of letters beyond ASCII
}

// class is a range of characters that become each other.
type class struct {
	first rune
	size  byte
}

var (
	digits = class{'0', 10}
	lower  = class{'a', 26}
	upper  = class{'A', 26}
)

func classOf(r rune) (class, bool) {
	switch {
	case r >= '0' && r <= '9':
		return digits, true
	case r >= 'a' && r <= 'z':
		return lower, true
	case r >= 'A' && r <= 'Z':
		return upper, true
	}
	return class{}, false
}

func shapeOf(user string) *shape {
	s := &shape{runes: []rune(user)}
	keep, number := 0, IsNumber(user)
	if number {
		keep = Kept(len(Digits(user)))
	}
	var tweak strings.Builder
	for i, r := range s.runes {
		c, ok := classOf(r)
		switch {
		case ok && keep > 0:
			keep--
			tweak.WriteRune(r)
		case ok:
			s.at, s.class, s.value = append(s.at, i), append(s.class, c), append(s.value, byte(r-c.first))
			tweak.WriteByte("daA"[strings.IndexRune("0aA", c.first)])
		case number: // however it is written it is the same number
		case r >= utf8.RuneSelf:
			s.beyond = append(s.beyond, i)
			tweak.WriteRune(r)
		default:
			tweak.WriteRune(r)
		}
	}
	s.tweak = tweak.String()
	return s
}

func (s *shape) String() string {
	for i, at := range s.at {
		s.runes[at] = s.class[i].first + rune(s.value[i])
	}
	return string(s.runes)
}
