package decisiontext

import (
	"fmt"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

func tryTargets(t *redirectv1.TryTargets) []string {
	lines := []string{"try, one after the other:"}
	for i, target := range t.GetTargets() {
		lines = append(lines, fmt.Sprintf("  %d. %s", i+1, Target(target)))
		for _, more := range details(target) {
			lines = append(lines, "       "+more)
		}
	}
	if rule := Advance(t.GetAdvance()); rule != "" {
		lines = append(lines, "go on after "+rule)
	}
	if t.GetAdvance().GetStopAfterRinging() {
		lines = append(lines, "until one rings (180 or 183)")
	}
	if t.GetConsultOnFailure() {
		lines = append(lines, "and ask again after each one that failed")
	}
	switch {
	case t.GetExhausted() == nil:
		lines = append(lines, "and let the best response go to the caller if none of them takes the call")
	case t.GetExhaustedOnlyIfNone():
		lines = append(lines, "and answer "+Final(t.GetExhausted())+" if none of them brings a final response")
	default:
		lines = append(lines, "and answer "+Final(t.GetExhausted())+" if none of them takes the call")
	}
	return append(lines, indented(t.GetExhausted().GetHeaderOps())...)
}

// Target says in a line what is tried and where: "sip:a@h through <sip:p;lr> at
// sip:h2".
func Target(t *redirectv1.Target) string {
	words := []string{Shown(t.GetUri())}
	for _, r := range t.GetRoutes() {
		words = append(words, "through <"+Shown(r)+">")
	}
	if hop := t.GetNextHop(); hop != "" {
		words = append(words, "at "+Shown(hop))
	}
	return strings.Join(words, " ")
}

// details are what else there is to say about a target.
func details(t *redirectv1.Target) (lines []string) {
	if t.GetLabel() != "" {
		lines = append(lines, "label "+strconv.Quote(t.GetLabel()))
	}
	if d := t.GetResponseTimeout(); d != nil {
		lines = append(lines, "response_timeout "+d.AsDuration().String())
	}
	if d := t.GetAnswerTimeout(); d != nil {
		lines = append(lines, "answer_timeout "+d.AsDuration().String())
	}
	if rule := Advance(t.GetAdvance()); rule != "" {
		lines = append(lines, "go on after "+rule)
	}
	if t.GetAdvance().GetStopAfterRinging() {
		lines = append(lines, "no further target once it has rung (180 or 183)")
	}
	for _, op := range t.GetHeaderOps() {
		lines = append(lines, HeaderOp(op))
	}
	return lines
}

// Advance says after which failures the search goes on; empty if that is the
// default, 400 to 599 but 401 and 407, timeouts and transport errors.
func Advance(rule *redirectv1.AdvanceRule) string {
	if rule == nil || isDefault(rule) {
		return ""
	}
	var words []string
	for _, r := range rule.GetStatuses() {
		s := strconv.Itoa(int(r.GetFirst()))
		if r.GetLast() != r.GetFirst() {
			s += "-" + strconv.Itoa(int(r.GetLast()))
		}
		words = append(words, s)
	}
	if rule.GetTimeout() {
		words = append(words, "timeouts")
	}
	if rule.GetTransportError() {
		words = append(words, "transport errors")
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func isDefault(rule *redirectv1.AdvanceRule) bool {
	for status := uint32(400); status < 600; status++ {
		goesOn := false
		for _, r := range rule.GetStatuses() {
			goesOn = goesOn || r.GetFirst() <= status && status <= r.GetLast()
		}
		if goesOn != (status != 401 && status != 407) {
			return false
		}
	}
	return rule.GetTimeout() && rule.GetTransportError()
}
