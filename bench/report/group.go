package report

import "slices"

// Key is what the runs of a group have in common.
type Key struct {
	Kind         Kind
	System, Work string
	Rate         int
	Ringing      int
}

// Key returns the group of a result.
func (r *Result) Key() Key { return Key{r.Kind, r.System, r.Work, r.Rate, r.Ringing} }

// Group is the repetitions of one run.
type Group struct {
	Key
	Runs  []Result
	Clean int // how many of them are
}

// Figure is one of a result's.
type Figure func(*Result) float64

// Groups collects runs, in the order in which they first came.
func Groups(all []Result) []*Group {
	var groups []*Group
	index := make(map[Key]*Group)
	for _, r := range all {
		key := r.Key()
		g := index[key]
		if g == nil {
			g = &Group{Key: key}
			index[key], groups = g, append(groups, g)
		}
		g.Runs = append(g.Runs, r)
		if r.Clean() {
			g.Clean++
		}
	}
	return groups
}

// Find returns a group, or one without runs.
func Find(groups []*Group, key Key) *Group {
	for _, g := range groups {
		if g.Key == key {
			return g
		}
	}
	return &Group{Key: key}
}

// use are the runs that count: the clean ones. Without any the others stand in,
// and marked says so.
func (g *Group) use() (runs []Result, marked bool) {
	for _, r := range g.Runs {
		if r.Clean() {
			runs = append(runs, r)
		}
	}
	if len(runs) > 0 {
		return runs, false
	}
	for _, r := range g.Runs {
		if r.Error == "" {
			runs = append(runs, r)
		}
	}
	return runs, true
}

// Value is the median of a figure.
func (g *Group) Value(f Figure) Value {
	runs, marked := g.use()
	var values []float64
	for i := range runs {
		values = append(values, f(&runs[i]))
	}
	return Value{Median(values), len(values) > 0, marked}
}

// Ratio is the median of a figure's ratios to a peer's, each in one repetition:
// what the machine did meanwhile went by both.
func (g *Group) Ratio(peer *Group, f Figure) Value {
	mine, marked := g.use()
	theirs, theirsMarked := peer.use()
	var ratios []float64
	for i := range mine {
		for j := range theirs {
			if below := f(&theirs[j]); mine[i].Repetition == theirs[j].Repetition && below > 0 {
				ratios = append(ratios, f(&mine[i])/below)
			}
		}
	}
	return Value{Median(ratios), len(ratios) > 0, marked || theirsMarked}
}

// Sum adds up a count over all runs, clean or not.
func (g *Group) Sum(f func(*Result) int) int {
	sum := 0
	for i := range g.Runs {
		sum += f(&g.Runs[i])
	}
	return sum
}

// Median of values, in any order; 0 of none.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
