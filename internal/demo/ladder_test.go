package demo

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func drawn(lines ...string) string {
	var out bytes.Buffer
	t := traceOf(tape(lines...), "1", testNames)
	newLadder(t).draw(newScreen(&out, true), items(t, nil), map[string]string{"alice": ":2", "dave": ":3"})
	return out.String()
}

func TestLadderShowsTheDatagrams(t *testing.T) {
	got := drawn(good[0], good[1], "dave < edge|INVITE sip:somebody-else@y SIP/2.0|INVITE|e|",
		"dave > edge|SIP/2.0 699 Strange Phrase|INVITE|e|d", "dave > edge|SIP/2.0 699 Strange Phrase|INVITE|e|d")
	want := strings.TrimPrefix(`
     ms alice                            sipedge                            dave
         :2                                                                  :3
    0.0   │────── INVITE sip:dave@x ───────▶│                                 │
    1.0   │◀────────── 100 Trying ──────────│                                 │
    2.0   │                                 │── INVITE sip:somebody-else@y ──▶│
    3.0   │                                 │◀────── 699 Strange Phrase ──────│
    4.0   │                                 │◀── 699 Strange Phrase (again) ──│
`, "\n")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLadderOfMessagesPastTheEdge(t *testing.T) {
	got := drawn(good[0], "dave < alice|BYE sip:dave@x SIP/2.0|BYE|c|d", "alice > alice|BYE sip:dave@x SIP/2.0|BYE|c|d")
	if !strings.Contains(got, "BYE sip:dave@x") {
		t.Errorf("the BYE is not drawn:\n%s", got)
	}
}

func TestLadderFoldsAttemptsThatFailedAlike(t *testing.T) {
	var lines []string
	for _, user := range []string{"a", "b", "c", "d", "e"} {
		lines = append(lines,
			"dave < edge|INVITE sip:"+user+"@x SIP/2.0|INVITE|"+user+"|",
			"dave > edge|SIP/2.0 503 No|INVITE|"+user+"|t"+user,
			"dave < edge|ACK sip:"+user+"@x SIP/2.0|ACK|"+user+"|t"+user)
	}
	if got := drawn(lines...); !strings.Contains(got, "⋮ the same for b, c, d (9 messages)") ||
		!strings.Contains(got, "INVITE sip:a@x") || !strings.Contains(got, "INVITE sip:e@x") || strings.Contains(got, "INVITE sip:c@x") {
		t.Errorf("five attempts alike:\n%s", got)
	}
	if got := drawn(lines[:9]...); strings.Contains(got, "⋮") {
		t.Errorf("three attempts are folded:\n%s", got)
	}
	lines[7] = "dave > edge|SIP/2.0 486 Busy|INVITE|c|tc"
	if got := drawn(lines...); strings.Contains(got, "⋮") || !strings.Contains(got, "486 Busy") {
		t.Errorf("an attempt that failed in another way is folded:\n%s", got)
	}
}

func TestLifelinesFitTheScreen(t *testing.T) {
	for n := 2; n <= len(cast)+1; n++ {
		x := firstLifeline
		for i := range n - 1 {
			g := gap(i, n)
			if g < 9 {
				t.Errorf("%d lifelines: gap %d is %d", n, i, g)
			}
			x += g
		}
		if x > lastLifeline {
			t.Errorf("%d lifelines: the last one stands at %d", n, x)
		}
	}
}

func TestScreenCutsAndWraps(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out, false)
	s.line(span{strings.Repeat("é", 60), bold}, span{strings.Repeat("x", 60), red})
	s.paragraph("  label", indent, span{strings.Repeat("word ", 60) + strings.Repeat("y", 200), none})
	s.paragraph("", 4, span{"bell \a, escape \x1b[2J, line\nend, \xff", none})
	checkLines(t, out.String())
	first, _, _ := strings.Cut(out.String(), "\n")
	if utf8.RuneCountInString(first) != width || !strings.HasSuffix(first, "x…") {
		t.Errorf("cut to %q", first)
	}
	if !strings.Contains(out.String(), "\n  label       word word") || !strings.Contains(out.String(), "\n              word") {
		t.Errorf("not indented:\n%s", out.String())
	}
}

func TestColours(t *testing.T) {
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	t.Setenv("NO_COLOR", "")
	if !newScreen(terminal, false).colour {
		t.Error("no colours on a terminal")
	}
	if newScreen(terminal, true).colour || newScreen(new(bytes.Buffer), false).colour {
		t.Error("colours where nobody wants them")
	}
	t.Setenv("NO_COLOR", "1")
	if newScreen(terminal, false).colour {
		t.Error("colours in spite of NO_COLOR")
	}
	var out bytes.Buffer
	s := &screen{w: &out, colour: true}
	s.line(span{"plain ", none}, span{"red", red})
	if out.String() != "plain \x1b[31mred\x1b[0m\n" {
		t.Errorf("got %q", out.String())
	}
}

func TestTracesAreInTheOrderOfTime(t *testing.T) {
	datagrams := tape(good...)
	datagrams[3].at = datagrams[0].at.Add(-time.Millisecond)
	if got := traceOf(datagrams, "1", testNames)[0].start(); got != "200 OK" {
		t.Errorf("first comes %q, want what arrived first", got)
	}
}
