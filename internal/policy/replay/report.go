package replay

import (
	"cmp"
	"maps"
	"slices"

	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/record"
)

const (
	// maxGroups is how many groups a report tells apart: rules are few, but a policy
	// may call each decision another.
	maxGroups = 1000
	// maxRevisions is how many configurations it names.
	maxRevisions = 16
)

// Report is what became of a recording, in numbers and examples. Its size does not
// depend on how long that is.
type Report struct {
	// Only is the kind that groups are kept of. Empty: all but Same.
	Only compare.Kind
	// Examples is how many results of each group are kept.
	Examples int

	// Records is how many lines were records, Faults how many were not.
	Records, Faults int
	// Recordings is how many files they are of.
	Recordings map[string]int
	// Kinds is how many records were compared, by what came of it.
	Kinds map[compare.Kind]int
	// NotCompared is how many records have no decision for a reason that says
	// nothing about the policy, by that.
	NotCompared map[record.ErrorKind]int
	// StateDropped is how many questions were asked without their policy_state.
	StateDropped int
	// Redacted is how many records are redacted.
	Redacted int
	// Revisions is how many answers were recorded of each configuration. Those that
	// are too many are of "others".
	Revisions map[string]int

	groups map[Change]*Group
}

// Change is what a group has in common.
type Change struct {
	Kind compare.Kind
	Old  string // the rule that decided when it was recorded
	New  string // the rule that decides now
}

// Group is all results of one change.
type Group struct {
	Change

	Count    int
	Examples []*Result // the first ones
}

// others stands for what there is too much of.
const others = "others"

// Add counts a result. It keeps it only as an example.
func (r *Report) Add(res *Result) {
	if res.Fault != nil {
		r.Faults++
		return
	}
	r.Records++
	count(&r.Recordings, res.File)
	if res.StateDropped {
		r.StateDropped++
	}
	if res.Recorded.Redacted == record.RedactUsers {
		r.Redacted++
	}
	if !res.Compared() {
		count(&r.NotCompared, res.Recorded.Error.Kind)
		return
	}
	if x := res.Recorded.Answer.GetExplanation(); x.GetConfigRevision() != "" {
		revision := x.GetConfigRevision()
		if _, ok := r.Revisions[revision]; !ok && len(r.Revisions) >= maxRevisions {
			revision = others
		}
		count(&r.Revisions, revision)
	}
	count(&r.Kinds, res.Difference.Kind)
	if r.Wanted(res) {
		r.group(res)
	}
}

// Wanted reports whether a result is one of those to show.
func (r *Report) Wanted(res *Result) bool {
	switch {
	case !res.Compared():
		return false
	case r.Only != "":
		return res.Difference.Kind == r.Only
	}
	return !res.Difference.Same()
}

func (r *Report) group(res *Result) {
	change := Change{res.Difference.Kind, res.Then.Rule, res.Now.Rule}
	g, ok := r.groups[change]
	if !ok && len(r.groups) >= maxGroups {
		change.Old, change.New = others, others
		g, ok = r.groups[change]
	}
	if !ok {
		g = &Group{Change: change}
		if r.groups == nil {
			r.groups = make(map[Change]*Group)
		}
		r.groups[change] = g
	}
	g.Count++
	if len(g.Examples) < r.Examples {
		g.Examples = append(g.Examples, res)
	}
}

func count[K comparable](m *map[K]int, key K) {
	if *m == nil {
		*m = make(map[K]int)
	}
	(*m)[key]++
}

// Compared is how many records were compared.
func (r *Report) Compared() (n int) {
	for _, count := range r.Kinds {
		n += count
	}
	return n
}

// Different is how many records were compared and are not the same.
func (r *Report) Different() int { return r.Compared() - r.Kinds[compare.Same] }

// Groups returns the groups: those of the weightiest kind first, of those the
// largest.
func (r *Report) Groups() []*Group {
	kinds := compare.Kinds()
	return slices.SortedFunc(maps.Values(r.groups), func(a, b *Group) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
}
