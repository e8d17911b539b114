package demo

import (
	"fmt"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// summarize writes the table of all rows, and how to go on.
func (n *network) summarize(s *screen, results []*result, strays []string) {
	s.line()
	title := "── Summary "
	s.line(span{title + strings.Repeat("─", width-len([]rune(title))), bold})
	s.line()
	s.line(span{"  " + columns("row", "redirect", "policy", "tries", "outcome", "expected"), dim})
	failed := 0
	for _, res := range results {
		mark := span{"✓ ", green}
		if len(res.problems) > 0 {
			mark = span{"✗ ", red}
			failed++
		}
		s.line(mark, span{columns(res.row.name, res.redirects(), res.policy(), strconv.Itoa(res.attempts()),
			res.got(n.caller.name), who(res.row.want.status, res.row.want.from)), none})
		for _, p := range res.problems {
			s.paragraph("", 4, span{p, red})
		}
	}
	for _, p := range strays {
		s.paragraph("", 2, span{p, red})
	}
	s.line()
	if failed > 0 || len(strays) > 0 {
		s.line(span{fmt.Sprintf("✗ %d of %d calls did not end as expected.", failed, len(results)), red})
		return
	}
	s.line(span{fmt.Sprintf("✓ All %d calls ended as expected.", len(results)), green})
	s.line(span{"Now with a redirect server of yours on this machine: ", none}, span{"sipedge --next-hop sip:127.0.0.1:5070", bold})
}

func columns(row, redirect, policy, tries, outcome, expected string) string {
	return pad(row, 13) + pad(redirect, 17) + pad(policy, 29) + pad(tries, 6) + pad(outcome, 17) + expected
}

// redirects lists the 3xx that the edge received.
func (res *result) redirects() string {
	var list []string
	for _, e := range res.trace.where(func(e *event) bool {
		return e.to == edgeName && e.msg.status() >= 300 && e.msg.status() < 400
	}) {
		text := strconv.Itoa(e.msg.status())
		if n := len(e.msg.headers("Contact")); n > 1 {
			text += ", " + strconv.Itoa(n) + " contacts"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// policy says who decided what.
func (res *result) policy() string {
	if len(res.decisions) == 0 {
		return "not asked"
	}
	var said []string
	for _, d := range res.decisions {
		switch a := d.response.GetAction().(type) {
		case *redirectv1.DecideResponse_TryTargets:
			said = append(said, "try "+strconv.Itoa(len(a.TryTargets.GetTargets())))
		case *redirectv1.DecideResponse_Reject:
			said = append(said, "answer "+strconv.FormatUint(uint64(a.Reject.GetStatus()), 10))
		case *redirectv1.DecideResponse_PassThrough:
			said = append(said, "pass")
		default:
			said = append(said, "no answer")
		}
	}
	by, _, _ := strings.Cut(res.decisions[0].by, " ")
	return by + ": " + strings.Join(said, ", ")
}

// got names the final response that the caller received.
func (res *result) got(caller string) string {
	finals := res.trace.finals(caller)
	if len(finals) == 0 {
		return "none"
	}
	return who(finals[0].msg.status(), res.trace.origin(&finals[0]))
}
