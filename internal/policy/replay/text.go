package replay

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/redirectd/redirectd/internal/policy/compare"
)

// kindTexts are the kinds as people read them.
var kindTexts = map[compare.Kind]string{
	compare.NoDecision:   "no decision",
	compare.OtherAction:  "other action",
	compare.OtherTarget:  "other target",
	compare.OtherOrder:   "other order",
	compare.OtherCode:    "other code",
	compare.OtherHeaders: "other headers",
	compare.OtherDetails: "other timers or details",
	compare.Same:         "same",
}

// WriteText writes a report for a person at a terminal; policy is what was asked,
// in some words.
func (r *Report) WriteText(w io.Writer, policy string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s, asked again\n", plural(r.Records, "question"), plural(len(r.Recordings), "recording"))
	fmt.Fprintf(&b, "  now   %s\n", shown(policy))
	fmt.Fprintf(&b, "  then  %s\n\n", r.then())
	r.writeKinds(&b)
	for _, note := range r.notes() {
		fmt.Fprintf(&b, "%s\n", note)
	}
	kind := compare.Kind("")
	for _, g := range r.Groups() {
		if g.Kind != kind {
			kind = g.Kind
			fmt.Fprintf(&b, "\n%s\n", kindTexts[kind])
		}
		writeGroup(&b, g)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// then says who answered when it was recorded.
func (r *Report) then() string {
	if len(r.Revisions) == 0 {
		return "nobody who said of what configuration"
	}
	var texts []string
	for _, revision := range byCount(r.Revisions) {
		texts = append(texts, fmt.Sprintf("%s (%d)", shown(revision), r.Revisions[revision]))
	}
	return "configuration " + strings.Join(texts, ", ")
}

// writeKinds writes the table: same first, then what weighs most.
func (r *Report) writeKinds(b *strings.Builder) {
	kinds := compare.Kinds()
	slices.SortStableFunc(kinds, func(x, y compare.Kind) int {
		return boolOrder(x == compare.Same, y == compare.Same)
	})
	all := r.Compared()
	for _, kind := range kinds {
		if n := r.Kinds[kind]; n > 0 || kind == compare.Same {
			fmt.Fprintf(b, "%8d  %7s  %s\n", n, percent(n, all), kindTexts[kind])
		}
	}
}

func boolOrder(first, second bool) int {
	switch {
	case first && !second:
		return -1
	case second && !first:
		return 1
	}
	return 0
}

// percent is a share with one digit behind the point. What is not quite all, or
// nothing, never reads like it.
func percent(n, of int) string {
	if of == 0 {
		return "-"
	}
	share := 100 * float64(n) / float64(of)
	switch {
	case n > 0 && share < 0.1:
		return "<0.1 %"
	case n < of && share > 99.9:
		return ">99.9 %"
	}
	return strconv.FormatFloat(share, 'f', 1, 64) + " %"
}

// notes say what is to be known beside the table.
func (r *Report) notes() (notes []string) {
	if len(r.NotCompared) > 0 {
		total, texts := 0, []string(nil)
		for _, kind := range byCount(r.NotCompared) {
			total += r.NotCompared[kind]
			texts = append(texts, fmt.Sprintf("%s %d", shown(string(kind)), r.NotCompared[kind]))
		}
		notes = append(notes, fmt.Sprintf("%8d  not compared: no answer was recorded (%s)", total, strings.Join(texts, ", ")))
	}
	if r.Faults > 0 {
		notes = append(notes, fmt.Sprintf("%8d  skipped: no whole record", r.Faults))
	}
	if r.StateDropped > 0 {
		notes = append(notes, fmt.Sprintf("%8d  asked without their policy_state: it is of another policy or configuration, or was not recorded", r.StateDropped))
	}
	if r.Redacted > 0 {
		notes = append(notes, fmt.Sprintf("%8d  with pseudonyms: rules that know users by name or number decide otherwise about them", r.Redacted))
	}
	if len(notes) > 0 {
		notes = append([]string{""}, notes...)
	}
	return notes
}

func writeGroup(b *strings.Builder, g *Group) {
	fmt.Fprintf(b, "%8d  rule %s -> %s\n", g.Count, rule(g.Old), rule(g.New))
	for _, e := range g.Examples {
		fmt.Fprintf(b, "          call %s, question %s (%s:%d)\n", shown(e.Recorded.Question.GetCall().GetCallId()),
			shown(e.Recorded.Question.GetRequestId()), e.File, e.Line)
		for _, f := range e.Difference.Findings {
			fmt.Fprintf(b, "            %s\n", shown(f.What))
			fmt.Fprintf(b, "              then  %s\n", shown(f.A))
			fmt.Fprintf(b, "              now   %s\n", shown(f.B))
		}
		fmt.Fprintf(b, "            why then  %s\n", shown(e.Then.Text))
		fmt.Fprintf(b, "            why now   %s\n", shown(e.Now.Text))
	}
}

func rule(name string) string {
	if name == "" {
		return "(none)"
	}
	return shown(name)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// byCount returns the keys of m, what there is most of first.
func byCount[K ~string](m map[K]int) []K {
	return slices.SortedFunc(maps.Keys(m), func(a, b K) int {
		if m[a] != m[b] {
			return m[b] - m[a]
		}
		return strings.Compare(string(a), string(b))
	})
}

// maxShown is how much of one text is shown, in bytes.
const maxShown = 300

// shown keeps what came from the network from steering the terminal, or filling
// it.
func shown(s string) string {
	if len(s) > maxShown {
		s = strings.ToValidUTF8(s[:maxShown], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
