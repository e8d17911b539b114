package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// writeText writes a decision for a person at a terminal.
func writeText(w io.Writer, req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) error {
	var b strings.Builder
	switch action := resp.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		writeTargets(&b, action.TryTargets)
	case *redirectv1.DecideResponse_Reject:
		fmt.Fprintf(&b, "answer %d\n", action.Reject.GetStatus())
	case *redirectv1.DecideResponse_PassThrough:
		b.WriteString("let the best response so far go to the caller\n")
	}
	e := resp.GetExplanation()
	fmt.Fprintf(&b, "\nwhy     %s\nrule    %s\npolicy  redirectd %s, configuration %s\n",
		shown(e.GetText()), shown(e.GetRule()), e.GetPolicyVersion(), e.GetConfigRevision())
	if err := writeContacts(&b, req, e); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeTargets(b *strings.Builder, t *redirectv1.TryTargets) {
	b.WriteString("try, one after the other:\n")
	for i, target := range t.GetTargets() {
		fmt.Fprintf(b, "  %d. %s", i+1, shown(target.GetUri()))
		for _, r := range target.GetRoutes() {
			fmt.Fprintf(b, " through <%s>", shown(r))
		}
		if hop := target.GetNextHop(); hop != "" {
			fmt.Fprintf(b, " at %s", shown(hop))
		}
		b.WriteByte('\n')
	}
	if t.GetAdvance().GetStopAfterRinging() {
		b.WriteString("until one rings (180 or 183)\n")
	}
	fmt.Fprintf(b, "and answer %d if none of them brings a final response\n", t.GetExhausted().GetStatus())
}

// writeContacts lists each contact with what became of it. Contacts count from
// 1, as in the texts.
func writeContacts(b *strings.Builder, req *redirectv1.DecideRequest, e *redirectv1.Explanation) error {
	if len(e.GetContacts()) == 0 {
		return nil
	}
	b.WriteString("\ncontacts\n")
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	contacts := req.GetRedirect().GetContacts()
	for _, v := range e.GetContacts() {
		i := int(v.GetContact().GetIndex())
		uri := ""
		if i < len(contacts) {
			uri = contacts[i].GetUri().GetText()
		}
		verdict := strings.ToLower(strings.TrimPrefix(v.GetVerdict().String(), "VERDICT_"))
		if _, err := fmt.Fprintf(t, "  %d\t%s\t%s\t%s\n", i+1, verdict, shown(uri), shown(v.GetText())); err != nil {
			return err
		}
	}
	return t.Flush()
}

// shown keeps what came from the network from steering the terminal, or the
// columns.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
