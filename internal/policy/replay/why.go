package replay

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/record"
)

// Why is what made an answer what it is.
type Why struct {
	// Rule names the rule: that of the decision if it is another one than on the other
	// side, and that of the first contact that another rule decided about. Without an
	// answer it is the kind of error in angle brackets.
	Rule string
	// Text is the reason in a sentence or two.
	Text string
}

// explain says why an entry was answered so, and why it is now.
func (r *Result) explain() {
	x, y := r.Recorded.Answer.GetExplanation(), r.Answer.GetExplanation()
	r.Then, r.Now = Why{x.GetRule(), x.GetText()}, Why{y.GetRule(), y.GetText()}
	if e := r.Recorded.Error; e != nil {
		r.Then = Why{"<" + string(e.Kind) + ">", e.Text}
	}
	if r.Err != nil {
		r.Now = Why{"<" + string(record.KindOf(r.Err)) + ">", r.Err.Error()}
	}
	a, b := otherVerdict(x.GetContacts(), y.GetContacts())
	if a == nil {
		return
	}
	same := r.Then.Rule == r.Now.Rule
	r.Then.add(same, a, b)
	r.Now.add(same, b, a)
}

// add adds what was said of a contact; other is what the other side says of it.
func (w *Why) add(same bool, verdict, other *redirectv1.ContactVerdict) {
	rule := contactRule(verdict, other)
	if !same && w.Rule != rule {
		rule = w.Rule + ", " + rule
	}
	w.Rule = rule
	word := strings.ToLower(strings.TrimPrefix(verdict.GetVerdict().String(), "VERDICT_"))
	w.Text += fmt.Sprintf("; contact %d %s: %s", verdict.GetContact().GetIndex()+1, word, verdict.GetText())
}

// otherVerdict returns the verdicts about the first contact that another rule
// decided about, else of the first about which something else is said; nil if there
// is none.
func otherVerdict(x, y []*redirectv1.ContactVerdict) (a, b *redirectv1.ContactVerdict) {
	type contact struct{ attempt, index uint32 }
	about := func(v *redirectv1.ContactVerdict) contact {
		return contact{v.GetContact().GetAttempt(), v.GetContact().GetIndex()}
	}
	for _, v := range x {
		i := slices.IndexFunc(y, func(o *redirectv1.ContactVerdict) bool { return about(o) == about(v) })
		switch {
		case i < 0:
		case v.GetRule() != y[i].GetRule() || v.GetVerdict() != y[i].GetVerdict():
			return v, y[i]
		case a == nil && v.GetText() != y[i].GetText():
			a, b = v, y[i]
		}
	}
	return a, b
}

// contactRule names the rules that a verdict has and the other one has not.
func contactRule(v, other *redirectv1.ContactVerdict) string {
	var names []string
	if v.GetRule() != other.GetRule() {
		names = append(names, v.GetRule())
	}
	theirs := applied(other.GetText())
	for _, name := range applied(v.GetText()) {
		if !slices.Contains(theirs, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return v.GetRule()
	}
	return strings.Join(names, ", ")
}

// named finds a rule that redirectd names in a text, with its place.
var named = regexp.MustCompile(`^[^:;]{1,200} \([^():]{1,200}:[0-9]{1,7}\)`)

// applied returns the rules that changed a contact, as redirectd says it behind what
// decided about it. Of another policy's text it makes nothing.
func applied(text string) (names []string) {
	for part := range strings.SplitSeq(text, "; ") {
		if name := named.FindString(part); name != "" && strings.HasPrefix(part[len(name):], ":") {
			names = append(names, name)
		}
	}
	return names
}
