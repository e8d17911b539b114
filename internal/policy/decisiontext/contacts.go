package decisiontext

import (
	"fmt"
	"strings"
	"text/tabwriter"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Contacts says in aligned lines what became of each contact: its number, the
// verdict, the URI, the rule and why. The lines are in the order of the answer.
func Contacts(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) []string {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, v := range resp.GetExplanation().GetContacts() {
		number, uri := contact(req, v.GetContact())
		// A strings.Builder takes everything.
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", number, Verdict(v), Shown(uri), Shown(v.GetRule()), Shown(v.GetText()))
	}
	_ = t.Flush()
	var lines []string
	for line := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return lines
}

// Verdict is what became of a contact: "taken", "dropped", "moved".
func Verdict(v *redirectv1.ContactVerdict) string {
	return strings.ToLower(strings.TrimPrefix(v.GetVerdict().String(), "VERDICT_"))
}

// contact returns the number of a contact and its URI; of one that the question
// does not show, the number of the attempt too, and no URI.
func contact(req *redirectv1.DecideRequest, ref *redirectv1.ContactRef) (number, uri string) {
	contacts, i := req.GetRedirect().GetContacts(), uint64(ref.GetIndex())
	if uint64(ref.GetAttempt())+1 != uint64(len(req.GetAttempts())) || i >= uint64(len(contacts)) {
		return fmt.Sprintf("%d of attempt %d", i+1, uint64(ref.GetAttempt())+1), ""
	}
	return fmt.Sprint(i + 1), contacts[i].GetUri().GetText()
}
