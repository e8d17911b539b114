package rehearse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/decisiontext"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// answered is a question with its answer.
type answered struct {
	req  *redirectv1.DecideRequest
	resp *redirectv1.DecideResponse
}

// check compares one thing that a test expects. It returns nil if that is so.
type check func(answered) *Difference

// expectations are the keys that say what is expected.
var expectations = []string{
	"targets", "reject", "pass_through", "rule", "why", "contacts", "headers", "exhausted", "advance", "after_ringing", "consult_on_failure",
}

// readExpect reads what is expected: at least one thing.
func readExpect(test *strictyaml.Map) (checks []check) {
	if !test.Require("expect") {
		return nil
	}
	m := test.Map("expect")
	if m == nil {
		return nil
	}
	add := func(c check) {
		if c != nil {
			checks = append(checks, c)
		}
	}
	add(expectTargets(m))
	add(expectReject(m))
	add(expectPassThrough(m))
	oneAction(m)
	add(expectText(m, "rule", func(e *redirectv1.Explanation) string { return e.GetRule() }))
	add(expectText(m, "why", func(e *redirectv1.Explanation) string { return e.GetText() }))
	for _, c := range expectContacts(m) {
		add(c)
	}
	add(expectHeaders(m))
	add(expectExhausted(m))
	add(expectAdvance(m))
	add(expectConsult(m))
	m.Done()
	if !slices.ContainsFunc(expectations, m.Has) {
		test.Failf("expect", "nothing is expected; want at least one of %s", strings.Join(expectations, ", "))
	}
	return checks
}

// oneAction: a decision is one of three.
func oneAction(m *strictyaml.Map) {
	seen := ""
	for _, key := range []string{"targets", "reject", "pass_through"} {
		switch {
		case !m.Has(key):
		case seen != "":
			m.Failf(key, "there is %s too; a decision is one of the two", seen)
		default:
			seen = key
		}
	}
}

// expectReject expects a final response: "403", or "403 Not here" with its reason
// phrase.
func expectReject(m *strictyaml.Map) check {
	want, ok := readFinal(m, "reject")
	if !ok {
		return nil
	}
	return func(a answered) *Difference {
		if got := a.resp.GetReject(); got != nil && want.is(got) {
			return nil
		}
		return different("reject", []string{"answer " + want.String()}, decisiontext.Action(a.req, a.resp))
	}
}

// final is an expected response. An empty reason is any.
type final struct {
	status int
	reason string
}

func (f final) String() string { return strings.TrimSpace(strconv.Itoa(f.status) + " " + f.reason) }

func (f final) is(r *redirectv1.FinalResponse) bool {
	return int(r.GetStatus()) == f.status && (f.reason == "" || r.GetReasonPhrase() == f.reason)
}

func readFinal(m *strictyaml.Map, key string) (f final, ok bool) {
	v, ok := m.Value(key)
	if !ok {
		return f, false
	}
	status, reason, _ := strings.Cut(v.Text, " ")
	n, err := strconv.Atoi(status)
	if err != nil || n < 400 || n > 699 {
		v.Failf("%q is no status from 400 to 699, alone or with its reason phrase, such as 403 or 403 Not here", v.Text)
		return f, false
	}
	return final{n, strings.TrimSpace(reason)}, true
}

// expectPassThrough expects that a response passes: true for any, "redirect" or
// "best" for that one, or the contacts that stay in it.
func expectPassThrough(m *strictyaml.Map) check {
	var words []string
	m.OneOrEach("pass_through", func(v strictyaml.Value) { words = append(words, v.Text) })
	if !m.Has("pass_through") {
		return nil
	}
	if len(words) == 0 {
		m.Failf("pass_through", "want true, redirect, best, or the contacts that stay")
		return nil
	}
	return func(a answered) *Difference {
		p := a.resp.GetPassThrough()
		decided := decisiontext.Action(a.req, a.resp)
		if p == nil {
			return different("pass_through", []string{"pass through " + strings.Join(words, ", ")}, decided)
		}
		switch words[0] {
		case "true":
			return nil
		case "redirect", "best":
			if decisiontext.PassesEvent(a.req, p) != (words[0] == "redirect") {
				return different("pass_through", words, decided)
			}
			return nil
		}
		if stay := staying(a.req, p); !slices.Equal(stay, words) {
			return different("pass_through", words, stay)
		}
		return nil
	}
}

// staying are the URIs of the contacts that stay in a 3xx that passes.
func staying(req *redirectv1.DecideRequest, p *redirectv1.PassThrough) (uris []string) {
	for i, c := range req.GetRedirect().GetContacts() {
		if len(p.GetContactIndexes()) == 0 || slices.Contains(p.GetContactIndexes(), uint32(i)) {
			uris = append(uris, c.GetUri().GetText())
		}
	}
	return uris
}

// expectText expects a text in the explanation that contains this one.
func expectText(m *strictyaml.Map, key string, of func(*redirectv1.Explanation) string) check {
	var want string
	if !m.String(key, &want) {
		return nil
	}
	if want == "" {
		m.Failf(key, "the text is empty, which every text contains")
		return nil
	}
	return func(a answered) *Difference {
		if got := of(a.resp.GetExplanation()); !strings.Contains(got, want) {
			return different(key, []string{want}, []string{got})
		}
		return nil
	}
}

// expectHeaders expects the header operations of what is sent: of the first target,
// of the response that the edge makes or of the one that passes.
func expectHeaders(m *strictyaml.Map) check {
	var want []string
	if !m.Strings("headers", &want) {
		return nil
	}
	return func(a answered) *Difference {
		ops := a.resp.GetReject().GetHeaderOps()
		ops = append(ops, a.resp.GetPassThrough().GetHeaderOps()...)
		if targets := a.resp.GetTryTargets().GetTargets(); len(targets) > 0 {
			ops = targets[0].GetHeaderOps()
		}
		if got := operations(ops); !slices.Equal(got, want) {
			return different("headers", want, got)
		}
		return nil
	}
}

func operations(ops []*redirectv1.HeaderOp) (lines []string) {
	for _, op := range ops {
		lines = append(lines, decisiontext.HeaderOp(op))
	}
	return lines
}

// expectExhausted expects the answer when no target is left; "best" for the best
// response so far.
func expectExhausted(m *strictyaml.Map) check {
	v, ok := m.Value("exhausted")
	if !ok {
		return nil
	}
	want := final{}
	if v.Text != "best" {
		if want, ok = readFinal(m, "exhausted"); !ok {
			return nil
		}
	}
	return func(a answered) *Difference {
		t := a.resp.GetTryTargets()
		got := "best"
		switch {
		case t == nil:
			return notTried("exhausted", a)
		case t.GetExhausted() != nil:
			got = decisiontext.Final(t.GetExhausted())
			if want.is(t.GetExhausted()) {
				return nil
			}
		case v.Text == "best":
			return nil
		}
		return different("exhausted", []string{v.Text}, []string{got})
	}
}

// expectAdvance expects after which failures the search goes on.
func expectAdvance(m *strictyaml.Map) check {
	var after, ringing string
	hasAfter, hasRinging := m.String("advance", &after), m.Enum("after_ringing", &ringing, "continue", "stop")
	if !hasAfter && !hasRinging {
		return nil
	}
	return func(a answered) *Difference {
		if a.resp.GetTryTargets() == nil {
			return notTried("advance", a)
		}
		rule := a.resp.GetTryTargets().GetAdvance()
		var want, got []string
		if hasAfter {
			want, got = append(want, "advance: "+after), append(got, "advance: "+advance(rule))
		}
		if hasRinging {
			is := "continue"
			if rule.GetStopAfterRinging() {
				is = "stop"
			}
			want, got = append(want, "after_ringing: "+ringing), append(got, "after_ringing: "+is)
		}
		if slices.Equal(want, got) {
			return nil
		}
		return different("advance", want, got)
	}
}

// notTried is for what a decision to try targets alone says.
func notTried(what string, a answered) *Difference {
	return different(what, []string{"targets to try"}, decisiontext.Action(a.req, a.resp))
}

func advance(rule *redirectv1.AdvanceRule) string {
	if s := decisiontext.Advance(rule); s != "" {
		return s
	}
	return "default"
}

func expectConsult(m *strictyaml.Map) check {
	var want bool
	if !m.Bool("consult_on_failure", &want) {
		return nil
	}
	return func(a answered) *Difference {
		if a.resp.GetTryTargets() == nil {
			return notTried("consult_on_failure", a)
		}
		if got := a.resp.GetTryTargets().GetConsultOnFailure(); got != want {
			return different("consult_on_failure", []string{fmt.Sprint(want)}, []string{fmt.Sprint(got)})
		}
		return nil
	}
}
