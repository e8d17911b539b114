package pseudonym_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/redirectd/redirectd/internal/pseudonym"
)

var key = []byte("a key of tests, and of nothing else")

// kindOf is what a pseudonym has in common with its user.
func kindOf(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= utf8.RuneSelf:
			return 'ä'
		case unicode.IsDigit(r):
			return '0'
		case unicode.IsLower(r):
			return 'a'
		case unicode.IsUpper(r):
			return 'A'
		}
		return r
	}, s)
}

func TestKindStays(t *testing.T) {
	t.Parallel()
	m := pseudonym.New(key)
	for _, tt := range []struct{ user, kept string }{
		{"+4930123456", "+4930"},
		{"0049 (30) 12-34-56", "0049 ("},
		{"112", "1"},
		{"1234", "12"},
		{"1", ""},
		{"*21#", "*2"},
		{"bob", ""},
		{"Alice.Smith-7", ""},
		{"j\u00f6rg", ""},
		{"\u0416\u0416", ""},
		{"\u00e0", ""},
		{"b", ""},
		{strings.Repeat("x1", 2000), ""},
	} {
		got := m.Of(tt.user)
		if kindOf(got) != kindOf(tt.user) || !strings.HasPrefix(got, tt.kept) || got == tt.user {
			t.Errorf("%s becomes %s", tt.user, got)
		}
		if again := pseudonym.New(key).Of(tt.user); again != got {
			t.Errorf("%s becomes %s, and then %s", tt.user, got, again)
		}
		if other := pseudonym.New([]byte("another")).Of(tt.user); len(tt.user) > 5 && other == got {
			t.Errorf("%s becomes %s with another key, too", tt.user, got)
		}
	}
	for _, user := range []string{"", "anonymous", "Anonymous", "unknown", "-", "%", "+"} {
		if got := m.Of(user); got != user {
			t.Errorf("%q becomes %q", user, got)
		}
	}
}

// TestOneNumber: however a number is written, it is the same one.
func TestOneNumber(t *testing.T) {
	t.Parallel()
	m := pseudonym.New(key)
	want := pseudonym.Digits(m.Of("49301234567"))
	for _, user := range []string{"+49301234567", "+49 30 1234567", "(49)30-123.45.67"} {
		if got := m.Of(user); pseudonym.Digits(got) != want {
			t.Errorf("%s becomes %s, want the digits %s", user, got, want)
		}
	}
}

// TestNoTwoBecomeOne: all numbers of a block, and all short names, become each
// other, and none stays.
func TestNoTwoBecomeOne(t *testing.T) {
	t.Parallel()
	for name, all := range map[string]struct {
		n      int
		format func(int) string
	}{
		"numbers":       {10_000, func(i int) string { return fmt.Sprintf("+4930%04d", i) }},
		"short numbers": {1000, func(i int) string { return fmt.Sprintf("%03d", i) }},
		"one digit":     {10, func(i int) string { return fmt.Sprintf("%d", i) }},
		"names":         {26 * 26 * 10, func(i int) string { return fmt.Sprintf("%c%c.%d", 'a'+i%26, 'A'+i/26%26, i/26/26) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, of := pseudonym.New(key), make(map[string]string)
			for i := range all.n {
				user := all.format(i)
				p := m.Of(user)
				if p == user || of[p] != "" {
					t.Fatalf("%s becomes %s, and %s does too", user, p, of[p])
				}
				of[p] = user
			}
		})
	}
}

// TestSpread: neighbours are no neighbours any more.
func TestSpread(t *testing.T) {
	t.Parallel()
	m := pseudonym.New(key)
	var seen [7][10]int
	const n = 2000
	for i := range n {
		p := m.Of(fmt.Sprintf("+4930%07d", i))
		for place, digit := range strings.TrimPrefix(p, "+4930") {
			seen[place][digit-'0']++
		}
	}
	for place, counts := range seen {
		for digit, count := range counts {
			if count < n/10/2 || count > n/10*2 {
				t.Errorf("%d is at place %d %d times of %d", digit, place, count, n)
			}
		}
	}
}

func TestRandomKeys(t *testing.T) {
	t.Parallel()
	const user = "abcdefghijklmnop"
	if first, second := pseudonym.NewRandom(), pseudonym.NewRandom(); first.Of(user) == second.Of(user) {
		t.Error("two random keys are the same")
	}
}

func FuzzOf(f *testing.F) {
	f.Add("+49301234567")
	f.Add("j\u00f6rg;x=1")
	f.Add("\xff")
	m := pseudonym.New(key)
	f.Fuzz(func(t *testing.T, user string) {
		got := m.Of(user)
		if utf8.ValidString(user) && kindOf(got) != kindOf(user) {
			t.Errorf("%q becomes %q", user, got)
		}
		if !utf8.ValidString(got) && utf8.ValidString(user) {
			t.Errorf("%q becomes %q, which is not UTF-8", user, got)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	m, i := pseudonym.New(key), 0
	for b.Loop() {
		i++
		m.Of(fmt.Sprintf("+4930%08d", i))
	}
}
