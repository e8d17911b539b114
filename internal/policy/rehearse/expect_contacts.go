package rehearse

import (
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/decisiontext"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// verdicts are what may become of a contact.
var verdicts = []string{"taken", "dropped", "moved"}

// expectContacts expects what became of contacts, each by its URI or its number
// from 1: "dropped", or "dropped: scheme" with a text that stands in the rule or in
// the reason.
func expectContacts(m *strictyaml.Map) (checks []check) {
	m.Map("contacts").Entries(func(key, value strictyaml.Value) {
		verdict, why, _ := strings.Cut(value.Text, ":")
		verdict, why = strings.TrimSpace(verdict), strings.TrimSpace(why)
		if !slices.Contains(verdicts, verdict) {
			value.Failf("%q is not allowed; want taken, dropped or moved, alone or with why: \"dropped: scheme\"", value.Text)
			return
		}
		checks = append(checks, func(a answered) *Difference {
			got := became(a, key.Text)
			for _, v := range got {
				if decisiontext.Verdict(v) == verdict && (strings.Contains(v.GetRule(), why) || strings.Contains(v.GetText(), why)) {
					return nil
				}
			}
			return different("contact "+key.Text, []string{value.Text}, describe(got))
		})
	})
	return checks
}

// became returns the verdicts on the contacts of that URI, or on the one of that
// number.
func became(a answered, key string) (found []*redirectv1.ContactVerdict) {
	contacts, last := a.req.GetRedirect().GetContacts(), len(a.req.GetAttempts())-1
	for _, v := range a.resp.GetExplanation().GetContacts() {
		i := int(v.GetContact().GetIndex())
		if int(v.GetContact().GetAttempt()) != last || i >= len(contacts) {
			continue
		}
		if key == contacts[i].GetUri().GetText() || key == strconv.Itoa(i+1) {
			found = append(found, v)
		}
	}
	return found
}

func describe(verdicts []*redirectv1.ContactVerdict) (lines []string) {
	for _, v := range verdicts {
		lines = append(lines, decisiontext.Verdict(v)+": "+v.GetRule()+": "+v.GetText())
	}
	if lines == nil {
		lines = []string{"nothing is said of such a contact"}
	}
	return lines
}
