package report

import "fmt"

// target is a line of the table that the project has to meet.
type target struct {
	what    string
	bound   float64
	atLeast bool // the bound is a lower one
	value   func([]*Group) Value
}

// targetList is "the speed to reach". Kamailio is the tuned one.
var targetList = []target{
	{"edge, policy in process, 302 at 1000/s: CPU, x kamailio", 1, false, cpuRatio("302", 1000, Sipedge, Kamailio)},
	{"the same at 2000/s", 1, false, cpuRatio("302", 2000, Sipedge, Kamailio)},
	{"the same, 300 with two failing contacts at 1000/s", 1, false, cpuRatio("300", 1000, Sipedge, Kamailio)},
	{"edge + redirectd over TCP, a record line for each call: CPU of both, x kamailio + http policy", 0.6, false, cpuRatio("302", 1000, RedirectdLogged, KamailioHTTP)},
	{"the same at 500/s", 0.6, false, cpuRatio("302", 500, RedirectdLogged, KamailioHTTP)},
	{"setup latency p99 at 2000/s, x kamailio", 1.5, false, ratio(Key{Kind: Calls, Work: "302", Rate: 2000}, Sipedge, Kamailio, p99)},
	{"memory after 60 s at 1000/s, x kamailio", 1.5, false, ratio(Key{Kind: Minute, Work: "302", Rate: 1000}, Sipedge, Kamailio, pss)},
	{"memory of a ringing call, of 4000, x kamailio", 1, false, ratio(Key{Kind: Ringing, Work: "302", Rate: 1000, Ringing: 4000}, Sipedge, Kamailio, ringBytes)},
	{"memory of a ringing call, of 20000, x kamailio", 1, false, ratio(Key{Kind: Ringing, Work: "302", Rate: 1000, Ringing: 20000}, Sipedge, Kamailio, ringBytes)},
	{"highest rate without loss or retransmission, x kamailio", 1, true, ratio(Key{Kind: Highest, Work: "302"}, Sipedge, Kamailio, highestRate)},
	{"redirectd: CPU of a decision, x bare echo", 1.3, false, ratio(Key{Kind: Decision, Work: "302", Rate: 16}, Redirectd, Echo, decisionCPU)},
	{"redirectd: CPU of a decision with twenty rules, x without", 2, false, ratio(Key{Kind: Decision, Work: "302", Rate: 16}, RedirectdRules, Redirectd, decisionCPU)},
	{"growth: CPU of each further attempt, x the first redirect", 1.1, false, attemptGrowth},
	{"growth: CPU with 20000 calls ringing, x with 1", 1.1, false, ringingGrowth},
}

func ratio(key Key, system, peer string, f Figure) func([]*Group) Value {
	return func(groups []*Group) Value {
		mine := key
		mine.System = system
		g := Find(groups, mine)
		return g.Ratio(g.peer(groups, peer), f)
	}
}

func cpuRatio(work string, rate int, system, peer string) func([]*Group) Value {
	return ratio(Key{Kind: Calls, Work: work, Rate: rate}, system, peer, totalCPU)
}

// attemptGrowth compares what the two further attempts of a 300 cost with the
// first redirect of a 302: linear is 1 or less.
func attemptGrowth(groups []*Group) Value {
	at := func(work string) Value {
		return Find(groups, Key{Kind: Calls, System: Sipedge, Work: work, Rate: 1000}).Value(totalCPU)
	}
	first, more := at("302").minus(at("plain")), at("300").minus(at("302"))
	if !first.Known || !more.Known || first.Number <= 0 {
		return Value{}
	}
	return Value{more.Number / 2 / first.Number, true, first.Marked || more.Marked}
}

func ringingGrowth(groups []*Group) Value {
	key := Key{Kind: Ringing, System: Sipedge, Work: "302", Rate: 1000, Ringing: 20000}
	alone := key
	alone.Ringing = 1
	return Find(groups, key).Ratio(Find(groups, alone), totalCPU)
}

func targets(groups []*Group) string {
	t := &table{}
	t.add("what", "target", "measured", "met")
	for _, want := range targetList {
		v := want.value(groups)
		sign := "<="
		if want.atLeast {
			sign = ">="
		}
		t.add(want.what, fmt.Sprintf("%s %.1f", sign, want.bound), v.text("%.2f"), want.verdict(v))
	}
	return t.String()
}

// verdict on a value that comes of runs with failures is none.
func (want target) verdict(v Value) string {
	switch {
	case !v.Known:
		return "not measured"
	case v.Marked:
		return "marked"
	case want.atLeast && v.Number >= want.bound, !want.atLeast && v.Number <= want.bound:
		return "✓"
	}
	return "✗"
}
