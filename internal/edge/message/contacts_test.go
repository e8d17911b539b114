package message

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

func TestContactsInEveryForm(t *testing.T) {
	for form, raw := range messagetest.Variants(redirect) {
		t.Run(form, func(t *testing.T) {
			got, omitted := mustParse(t, raw).Contacts(64)
			if len(got) != 3 || omitted != 0 {
				t.Fatalf("%d contacts, %d omitted, want 3 and 0: %+v", len(got), omitted, got)
			}
			first, second, third := got[0], got[1], got[2]
			if first.Err != nil || first.NameAddr.Display != "One, two" || !first.HasQ || first.Q != 990 ||
				!first.HasExpires || first.Expires != 60 || first.URI.User != "+1;rn=2;npdi" || first.URI.Host != "h1.example.com" {
				t.Errorf("first contact is %+v", first)
			}
			if second.Err != nil || second.URI.Text != "sip:b@h2.example.com" || !second.HasQ || second.Q != 500 || second.HasExpires {
				t.Errorf("second contact is %+v", second)
			}
			if third.Err != nil || third.URI.Scheme != "sips" || third.URI.Port != 5061 || third.HasQ || third.HasExpires {
				t.Errorf("third contact is %+v", third)
			}
		})
	}
}

// TestBrokenContactSpoilsNoOther is gap 1 of sipgo: one bad Contact must not
// cost the others.
func TestBrokenContactSpoilsNoOther(t *testing.T) {
	m := mustParse(t, strings.Replace(redirect, "Contact: <sips:c@[2001:db8::1]:5061>",
		"Contact: ,, sip:a@h1;q=0.3, <nonsense>,\"open <sip:x@h>\r\n"+
			"m: <sip:g@h>;=1, *, sip:a b@h,mailto:a@b.c\r\n"+
			"Contact:\r\n"+
			"CONTACT: <sip:c@h3> ; Q = 1.000 ,", 1))
	got, omitted := m.Contacts(100)
	want := []struct {
		uri, err string
	}{
		{"sip:+1;rn=2;npdi@h1.example.com;transport=tcp", ""},
		{"sip:b@h2.example.com", ""},
		{"sip:a@h1", ""},
		{"", "no scheme"},
		{"", "quote does not close"},
		{"", "no name"},
		{"", "REGISTER only"},
		{"", "' '"},
		{"mailto:a@b.c", ""},
		{"sip:c@h3", ""},
	}
	if len(got) != len(want) || omitted != 0 {
		t.Fatalf("%d contacts, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		c := got[i]
		switch {
		case w.err == "" && (c.Err != nil || c.URI.Text != w.uri):
			t.Errorf("contact %d is %q (%v), want %q", i, c.URI.Text, c.Err, w.uri)
		case w.err != "" && (c.Err == nil || !strings.Contains(c.Err.Error(), w.err)):
			t.Errorf("contact %d, %q, has the error %v, want %q", i, c.Value, c.Err, w.err)
		}
	}
	if some, rest := m.Contacts(4); len(some) != 4 || rest != 6 {
		t.Errorf("Contacts(4): %d and %d omitted, want 4 and 6", len(some), rest)
	}
}

func TestQAndExpires(t *testing.T) {
	for q, want := range map[string]int{
		"1": 1000, "0": 0, "0.7": 700, "0.001": 1, "1.000": 1000, "1.": 1000, ".5": 500, "0.9999": 999, `"0.5"`: 500, "00.5": 500,
		"1.001": -1, "2": -1, "-0.5": -1, "": -1, ".": -1, "x": -1, "0.5x": -1, "0,5": -1, "0.5.5": -1, "1e-1": -1, "99999999999999999999": -1,
	} {
		c := readContact("<sip:a@h>;q=" + q)
		if q == "0,5" {
			c = readContact("<sip:a@h>;q=\"0,5\"")
		}
		if c.HasQ != (want >= 0) || c.Q != max(want, 0) {
			t.Errorf("q=%s: %d, %v, want %d", q, c.Q, c.HasQ, want)
		}
	}
	for s, want := range map[string]int64{"60": 60, "0": 0, "": -1, "x": -1, "-1": -1, "280297596632815": 1<<32 - 1, "4294967295": 1<<32 - 1} {
		c := readContact("<sip:a@h>;expires=" + s)
		if c.HasExpires != (want >= 0) || int64(c.Expires) != max(want, 0) {
			t.Errorf("expires=%s: %d, %v, want %d", s, c.Expires, c.HasExpires, want)
		}
	}
}
