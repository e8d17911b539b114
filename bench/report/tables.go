package report

import (
	"fmt"
	"strings"
)

// Markdown is all of the report below its title.
func Markdown(all []Result) string {
	groups := Groups(all)
	var b strings.Builder
	for _, section := range []struct {
		title string
		table func([]*Group) string
	}{
		{"Targets", targets},
		{"CPU: seconds for 1,000 calls", cpuTable},
		{"Setup latency: ms from INVITE to 200", latencyTable},
		{"Go: allocations and garbage collector", goTable},
		{"Highest rate without failures and retransmissions", highestTable},
		{"Calls ringing", ringingTable},
		{"Memory after 60 s", minuteTable},
		{"The policy alone", decisionTable},
	} {
		fmt.Fprintf(&b, "## %s\n\n%s\n", section.title, section.table(groups))
	}
	return b.String() + notes(groups)
}

func cpuTable(groups []*Group) string {
	t := &table{}
	t.add("work", "rate", "system", "clean runs", "edge", "policy", "both", "x kamailio", "x kamailio + http", "x floor", "failed", "repeated")
	for _, g := range groups {
		if g.Kind != Calls || g.System == None {
			continue
		}
		t.add(g.Work, fmt.Sprint(g.Rate), g.System, fmt.Sprintf("%d of %d", g.Clean, len(g.Runs)),
			g.Value(edgeCPU).text("%.4f"), g.Value(policyCPU).text("%.4f"), g.Value(totalCPU).text("%.4f"),
			g.toPeer(groups, Kamailio, totalCPU), g.toPeer(groups, KamailioHTTP, totalCPU), g.toPeer(groups, Floor, totalCPU),
			fmt.Sprint(g.Sum(lost)), fmt.Sprint(g.Sum(repeated)))
	}
	return t.String()
}

// peer is the group of another system at the same work. Who logs is compared with
// a Kamailio that does.
func (g *Group) peer(groups []*Group, system string) *Group {
	key := g.Key
	switch g.System {
	case SipedgeLogged, RedirectdLogged, KamailioLogged:
		if system == Kamailio {
			system = KamailioLogged
		}
	}
	key.System = system
	return Find(groups, key)
}

func (g *Group) toPeer(groups []*Group, system string, f Figure) string {
	return g.Ratio(g.peer(groups, system), f).text("%.2f")
}

func latencyTable(groups []*Group) string {
	t := &table{}
	t.add("work", "rate", "system", "p50", "p99", "p99.9", "added p50", "added p99", "added p99.9", "p99 x kamailio")
	for _, g := range groups {
		if g.Kind != Calls || g.Runs[0].Probe == nil {
			continue
		}
		bare := g.peer(groups, None)
		t.add(g.Work, fmt.Sprint(g.Rate), g.System,
			g.Value(p50).text("%.2f"), g.Value(p99).text("%.2f"), g.Value(p999).text("%.2f"),
			g.Value(p50).minus(bare.Value(p50)).text("%.2f"), g.Value(p99).minus(bare.Value(p99)).text("%.2f"), g.Value(p999).minus(bare.Value(p999)).text("%.2f"),
			g.toPeer(groups, Kamailio, p99))
	}
	return t.String()
}

func goTable(groups []*Group) string {
	t := &table{}
	t.add("work", "rate", "system", "allocations for a call", "collector's share of CPU, %")
	for _, g := range groups {
		if g.Kind == Calls && g.Value(allocations).Number > 0 {
			t.add(g.Work, fmt.Sprint(g.Rate), g.System, g.Value(allocations).text("%.1f"), g.Value(collector).scaled(100).text("%.1f"))
		}
	}
	return t.String()
}

func highestTable(groups []*Group) string {
	t := &table{}
	t.add("system", "calls/s", "x kamailio", "limited by")
	for _, g := range groups {
		if g.Kind == Highest {
			limit := "the edge"
			if g.Sum(func(r *Result) int { return count(r.CallerLimited) }) > 0 {
				limit = "the caller"
			}
			t.add(g.System, g.Value(highestRate).text("%.0f"), g.toPeer(groups, Kamailio, highestRate), limit)
		}
	}
	return t.String()
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func ringingTable(groups []*Group) string {
	t := &table{}
	t.add("ringing", "system", "PSS, MB", "kB for a call", "x kamailio", "CPU of 1,000 other calls", "x with 1 ringing", "failed", "repeated")
	for _, g := range groups {
		if g.Kind != Ringing {
			continue
		}
		alone := g.Key
		alone.Ringing = 1
		bytes, toPeer := "-", "-"
		if g.Ringing > 1 {
			bytes, toPeer = g.Value(ringBytes).scaled(1.0/1024).text("%.1f"), g.toPeer(groups, Kamailio, ringBytes)
		}
		t.add(fmt.Sprint(g.Ringing), g.System, g.Value(pss).scaled(1.0/(1<<20)).text("%.1f"), bytes, toPeer,
			g.Value(totalCPU).text("%.4f"), g.Ratio(Find(groups, alone), totalCPU).text("%.2f"), fmt.Sprint(g.Sum(lost)), fmt.Sprint(g.Sum(repeated)))
	}
	return t.String()
}

func minuteTable(groups []*Group) string {
	t := &table{}
	t.add("system", "rate", "PSS, MB", "x kamailio", "CPU of 1,000 calls", "failed", "repeated")
	for _, g := range groups {
		if g.Kind == Minute {
			t.add(g.System, fmt.Sprint(g.Rate), g.Value(pss).scaled(1.0/(1<<20)).text("%.0f"), g.toPeer(groups, Kamailio, pss),
				g.Value(totalCPU).text("%.4f"), fmt.Sprint(g.Sum(lost)), fmt.Sprint(g.Sum(repeated)))
		}
	}
	return t.String()
}

func decisionTable(groups []*Group) string {
	t := &table{}
	t.add("policy", "in flight", "decisions/s", "us of CPU for one", "x bare echo", "p50, ms", "p99, ms", "failed")
	for _, g := range groups {
		if g.Kind == Decision {
			t.add(g.System, fmt.Sprint(g.Rate), g.Value(rate).text("%.0f"), g.Value(decisionCPU).text("%.1f"), g.toPeer(groups, Echo, decisionCPU),
				g.Value(p50).text("%.3f"), g.Value(p99).text("%.3f"), fmt.Sprint(g.Sum(lost)))
		}
	}
	return t.String()
}

// notes lists the runs without figures, and what the marks mean.
func notes(groups []*Group) string {
	var b strings.Builder
	b.WriteString("`!`: no run without failures or repeats, so these figures are of runs that had some. A ratio is the median of the ratios of each repetition.\n")
	for _, g := range groups {
		for _, r := range g.Runs {
			if r.Error != "" {
				fmt.Fprintf(&b, "\nRun %d of %s, %s at %d: %s\n", r.Repetition, r.System, r.Work, r.Rate, r.Error)
			}
		}
	}
	return b.String()
}
