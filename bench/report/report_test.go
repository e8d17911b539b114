package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/bench/probe"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		if got := Median(test.values); got != test.want {
			t.Errorf("%v: %v, want %v", test.values, got, test.want)
		}
	}
}

func call(system string, repetition int, cpu float64) Result {
	return Result{Kind: Calls, System: system, Work: "302", Rate: 1000, Repetition: repetition, Calls: 1000, EdgeCPU: cpu, Probe: &probe.Result{Calls: 10, OK: 10, P50: 1, P99: 2, P999: 3}}
}

// TestFailuresAreNotUsed: a run that lost or repeated something is left out, and
// where there is no other its figures are marked.
func TestFailuresAreNotUsed(t *testing.T) {
	t.Parallel()
	clean, failed, again, short, broken := call(Sipedge, 1, 0.1), call(Sipedge, 2, 9), call(Sipedge, 3, 9), call(Sipedge, 4, 9), call(Sipedge, 5, 9)
	failed.Failed, again.Repeats, short.Probe.OK, broken.Error = 1, 2, 9, "gone"
	g := Groups([]Result{clean, failed, again, short, broken})[0]
	if v := g.Value(totalCPU); v.text("%.1f") != "0.1" || g.Clean != 1 {
		t.Errorf("%+v of %d clean runs", v, g.Clean)
	}
	if g.Sum(lost) != 2 || g.Sum(repeated) != 2 {
		t.Errorf("%d lost, %d repeated", g.Sum(lost), g.Sum(repeated))
	}
	g = Groups([]Result{failed, broken})[0]
	if v := g.Value(totalCPU); v.text("%.1f") != "9.0!" {
		t.Errorf("%+v", v)
	}
	g = Groups([]Result{broken})[0]
	if v := g.Value(totalCPU); v.text("%.1f") != "-" {
		t.Errorf("%+v", v)
	}
}

// TestRatioByRepetition: the machine was twice as slow in one of them.
func TestRatioByRepetition(t *testing.T) {
	t.Parallel()
	groups := Groups([]Result{
		call(Kamailio, 1, 1), call(Sipedge, 1, 0.5), call(Kamailio, 2, 2), call(Sipedge, 2, 1), call(Kamailio, 3, 1), call(Sipedge, 3, 0.6), call(Sipedge, 4, 7),
	})
	if v := groups[1].Ratio(groups[0], totalCPU); v.text("%.2f") != "0.50" {
		t.Errorf("%+v", v)
	}
	if v := groups[1].Ratio(Find(groups, Key{}), totalCPU); v.Known {
		t.Errorf("to nothing: %+v", v)
	}
}

// TestLoggedPeer: who logs is compared with who does so too.
func TestLoggedPeer(t *testing.T) {
	t.Parallel()
	groups := Groups([]Result{call(Kamailio, 1, 1), call(KamailioLogged, 1, 2), call(SipedgeLogged, 1, 1)})
	if got := groups[2].toPeer(groups, Kamailio, totalCPU); got != "0.50" {
		t.Error(got)
	}
}

// TestTargets: met, missed, marked and not measured.
func TestTargets(t *testing.T) {
	t.Parallel()
	slow := call(RedirectdLogged, 1, 0.9)
	fast := call(Sipedge, 1, 0.4)
	three := fast
	three.Work, three.Failed = "300", 1
	peer := call(Kamailio, 1, 0.5)
	peerThree := peer
	peerThree.Work = "300"
	text := targets(Groups([]Result{fast, slow, three, peer, peerThree, call(KamailioHTTP, 1, 1)}))
	for _, want := range []string{"302 at 1000/s: CPU, x kamailio|<= 1.0|0.80|✓", "300 with two failing contacts at 1000/s|<= 1.0|0.80!|marked", "x kamailio + http policy|<= 0.6|0.90|✗", "the same at 2000/s|<= 1.0|-|not measured"} {
		if !strings.Contains(squeezed(text), want) {
			t.Errorf("no %s in\n%s", want, squeezed(text))
		}
	}
}

// squeezed is a table without what makes it look good.
func squeezed(table string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(table), " "), " | ", "|")
}

// TestTable: all lines of a table are of one width.
func TestTable(t *testing.T) {
	t.Parallel()
	table := &table{}
	table.add("what", "n")
	table.add("✓", "1.5")
	table.add("longer than all", "✗")
	want := "| what            | n   |\n|-----------------|----:|\n| ✓               | 1.5 |\n| longer than all |   ✗ |\n"
	if got := table.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestMarkdown: every run is in a table, and one without figures is named.
func TestMarkdown(t *testing.T) {
	t.Parallel()
	ringing := Result{Kind: Ringing, System: Sipedge, Work: "302", Rate: 1000, Repetition: 1, Ringing: 1000, RingingBytes: 2048, PSS: 3 << 20}
	decision := Result{Kind: Decision, System: Redirectd, Work: "302", Rate: 16, Repetition: 1, DecisionCPU: 33.3, DecisionRate: 12345}
	highest := Result{Kind: Highest, System: Sipedge, Work: "302", Repetition: 1, HighestRate: 7001}
	minute := Result{Kind: Minute, System: Sipedge, Work: "302", Rate: 1000, Repetition: 1, PSS: 77 << 20}
	text := Markdown([]Result{call(None, 1, 0), call(Sipedge, 1, 0.1234), ringing, decision, highest, minute, {Kind: Calls, System: Floor, Work: "302", Rate: 1, Error: "the port is taken"}})
	for _, want := range []string{"0.1234", " 2.0 ", " 3.0 ", "33.3", "12345", "7001", " 77 ", "the port is taken"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestPlot is XML, with a bar of each system, and also without any.
func TestPlot(t *testing.T) {
	t.Parallel()
	for _, all := range [][]Result{nil, {call(Sipedge, 1, 0.1), call(KamailioHTTP, 1, 0.2), call(None, 1, 0)}} {
		plot := Plot(all, `2 cores of "R&D" <x>`)
		decoder := xml.NewDecoder(strings.NewReader(plot))
		var err error
		for err == nil {
			_, err = decoder.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%v in\n%s", err, plot)
		}
		if len(all) > 0 && (!strings.Contains(plot, ">"+KamailioHTTP+"<") || strings.Contains(plot, ">"+None+"<")) {
			t.Errorf("bars of\n%s", plot)
		}
	}
}

// TestLines: a result survives its file.
func TestLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	want := call(Sipedge, 2, 0.25)
	if err := WriteLines(&b, []Result{want}); err != nil {
		t.Fatal(err)
	}
	got, err := ReadLines(&b)
	if err != nil || len(got) != 1 || got[0].EdgeCPU != want.EdgeCPU || *got[0].Probe != *want.Probe || got[0].Key() != want.Key() {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ReadLines(strings.NewReader("{")); err == nil {
		t.Errorf("half a line: %+v", got)
	}
}
