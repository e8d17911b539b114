// Package decisiontext writes decisions for people: all that one holds, and what
// became of each contact by which rule.
//
// What comes from the network is written without characters that would steer a
// terminal. Contacts count from 1, as in the texts of explanations.
package decisiontext

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Write writes a decision and why it was made: the action, the explanation and the
// contacts of the question. It returns errors of w alone.
func Write(w io.Writer, req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) error {
	var b strings.Builder
	for _, line := range Action(req, resp) {
		b.WriteString(line + "\n")
	}
	if why := explanation(resp); len(why) > 0 {
		b.WriteString("\n" + strings.Join(why, "\n") + "\n")
	}
	if contacts := Contacts(req, resp); len(contacts) > 0 {
		b.WriteString("\ncontacts\n")
		for _, line := range contacts {
			b.WriteString("  " + line + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// explanation says why, and who decided.
func explanation(resp *redirectv1.DecideResponse) (lines []string) {
	e := resp.GetExplanation()
	if e.GetText() != "" {
		lines = append(lines, "why     "+Shown(e.GetText()))
	}
	if e.GetRule() != "" {
		lines = append(lines, "rule    "+Shown(e.GetRule()))
	}
	if e.GetPolicyVersion() != "" || e.GetConfigRevision() != "" {
		lines = append(lines, "policy  redirectd "+Shown(e.GetPolicyVersion())+", configuration "+Shown(e.GetConfigRevision()))
	}
	if n := len(resp.GetPolicyState()); n > 0 {
		lines = append(lines, fmt.Sprintf("state   %d bytes, which come back with the next question", n))
	}
	return lines
}

// Action says in lines what a decision does.
func Action(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) []string {
	switch action := resp.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		return tryTargets(action.TryTargets)
	case *redirectv1.DecideResponse_Reject:
		return append([]string{"answer " + Final(action.Reject)}, indented(action.Reject.GetHeaderOps())...)
	case *redirectv1.DecideResponse_PassThrough:
		return passThrough(req, action.PassThrough)
	}
	return []string{"no action: an edge takes this for no decision"}
}

// Final is a response that the edge makes: its status, and the reason phrase if it
// is not the standard one.
func Final(r *redirectv1.FinalResponse) string {
	s := strconv.Itoa(int(r.GetStatus()))
	if phrase := r.GetReasonPhrase(); phrase != "" {
		s += " " + Shown(phrase)
	}
	return s
}

func passThrough(req *redirectv1.DecideRequest, p *redirectv1.PassThrough) []string {
	line := "let the best response so far go to the caller"
	if PassesEvent(req, p) {
		status := req.GetRedirect().GetResponse().GetStatus() + req.GetAdvice().GetResponse().GetStatus() // one of them is 0
		line = "let the " + strconv.Itoa(int(status)) + " go to the caller"
	}
	if kept := p.GetContactIndexes(); len(kept) > 0 {
		numbers := make([]string, len(kept))
		for i, n := range kept {
			numbers[i] = strconv.FormatUint(uint64(n)+1, 10)
		}
		line += ", with no contact but " + strings.Join(numbers, ", ")
	}
	return append([]string{line}, indented(p.GetHeaderOps())...)
}

// PassesEvent reports whether it is the response of the event that passes, and not the
// best one so far.
func PassesEvent(req *redirectv1.DecideRequest, p *redirectv1.PassThrough) bool {
	switch p.GetWhich() {
	case redirectv1.PassThrough_WHICH_REDIRECT:
		return true
	case redirectv1.PassThrough_WHICH_BEST:
		return false
	case redirectv1.PassThrough_WHICH_UNSPECIFIED:
	}
	return req.GetRedirect() != nil || req.GetAdvice() != nil
}

// Shown keeps what came from the network from steering the terminal, or the
// columns.
func Shown(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
