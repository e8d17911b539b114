package rehearse

import (
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/decisiontext"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// target is an expected target: what it says is compared.
type target struct {
	*redirectv1.Target
	routes  bool // they are compared, also none
	headers []string
	advance string
}

func expectTargets(m *strictyaml.Map) check {
	if !m.Has("targets") {
		return nil
	}
	var want []target
	m.EachOrMap("targets", func(v strictyaml.Value) {
		want = append(want, target{Target: &redirectv1.Target{Uri: v.Text}})
	}, func(t *strictyaml.Map) {
		w := target{Target: readTarget(t), routes: t.Has("routes")}
		t.Strings("headers", &w.headers)
		t.String("advance", &w.advance)
		t.Done()
		want = append(want, w)
	})
	if len(want) == 0 {
		m.Failf("targets", "no target is expected; want at least one, or reject or pass_through")
		return nil
	}
	return func(a answered) *Difference {
		targets := a.resp.GetTryTargets().GetTargets()
		got := make([]target, len(targets))
		for i, t := range targets {
			got[i] = target{Target: t, routes: true, headers: operations(t.GetHeaderOps()), advance: advance(t.GetAdvance())}
		}
		if slices.EqualFunc(want, got, target.is) {
			return nil
		}
		if a.resp.GetTryTargets() == nil {
			return different("targets", texts(want, nil), decisiontext.Action(a.req, a.resp))
		}
		return differentBy("targets", texts(want, nil), texts(got, want), func(i, j int) bool { return want[i].is(got[j]) })
	}
}

// is reports whether a target is the expected one, in what that says.
func (t target) is(got target) bool {
	same := t.GetUri() == got.GetUri() &&
		(!t.routes || slices.Equal(t.GetRoutes(), got.GetRoutes())) &&
		(t.GetNextHop() == "" || t.GetNextHop() == got.GetNextHop()) &&
		(t.GetLabel() == "" || t.GetLabel() == got.GetLabel()) &&
		(t.headers == nil || slices.Equal(t.headers, got.headers)) &&
		(t.advance == "" || t.advance == got.advance)
	return same &&
		(t.ResponseTimeout == nil || got.ResponseTimeout != nil && t.ResponseTimeout.AsDuration() == got.ResponseTimeout.AsDuration()) &&
		(t.AnswerTimeout == nil || got.AnswerTimeout != nil && t.AnswerTimeout.AsDuration() == got.AnswerTimeout.AsDuration())
}

// texts writes targets as lines. Of those that were decided, only what some expected
// one says is written beside the URI and its way.
func texts(targets, like []target) []string {
	shows := func(f func(target) bool) bool { return like == nil || slices.ContainsFunc(like, f) }
	lines := make([]string, len(targets))
	for i, t := range targets {
		words := []string{decisiontext.Target(t.Target)}
		if t.GetLabel() != "" && shows(func(w target) bool { return w.GetLabel() != "" }) {
			words = append(words, "label "+strconv.Quote(t.GetLabel()))
		}
		if d := t.ResponseTimeout; d != nil && shows(func(w target) bool { return w.ResponseTimeout != nil }) {
			words = append(words, "response_timeout "+d.AsDuration().String())
		}
		if d := t.AnswerTimeout; d != nil && shows(func(w target) bool { return w.AnswerTimeout != nil }) {
			words = append(words, "answer_timeout "+d.AsDuration().String())
		}
		if t.advance != "" && shows(func(w target) bool { return w.advance != "" }) {
			words = append(words, "advance: "+t.advance)
		}
		if shows(func(w target) bool { return w.headers != nil }) {
			words = append(words, t.headers...)
		}
		lines[i] = strings.Join(words, ", ")
	}
	return lines
}
