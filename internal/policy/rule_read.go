package policy

import (
	"errors"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

const (
	maxRules       = 256
	maxRuleHeaders = 16
)

// readRules reads the rules of a profile.
func (r *reader) readRules(m *strictyaml.Map) []Rule {
	maps := m.Maps("rules")
	if len(maps) > maxRules {
		m.Failf("rules", "%d rules are more than %d", len(maps), maxRules)
		maps = maps[:maxRules]
	}
	if len(maps) == 0 {
		return nil
	}
	rules := make([]Rule, 0, len(maps))
	seen := make(map[string]bool, len(maps))
	for _, rm := range maps {
		rule := r.readRule(rm)
		if rule.Name != "" && seen[rule.Name] {
			rm.Failf("name", "there is another rule %q before this one; names are unique", rule.Name)
		}
		seen[rule.Name] = true
		rules = append(rules, rule)
	}
	r.warnUnreachable(rules, maps)
	return rules
}

func (r *reader) readRule(m *strictyaml.Map) Rule {
	rule := Rule{On: onRedirect | onAdvice, At: r.position(m, "name")}
	if m.Require("name") && m.String("name", &rule.Name) {
		switch {
		case rule.Name == "" || len(rule.Name) > maxProfileName:
			m.Failf("name", "a name of %d bytes; want 1 to %d", len(rule.Name), maxProfileName)
		case clean(rule.Name) != rule.Name:
			m.Failf("name", "%q has a control character", rule.Name)
		}
	}
	if m.Has("on") {
		rule.On = 0
		m.Some("on", func(v strictyaml.Value) {
			v.Examples("redirect", "advice", "failure")
			switch v.Text {
			case "redirect":
				rule.On |= onRedirect
			case "advice":
				rule.On |= onAdvice
			case "failure":
				rule.On |= onFailure
			default:
				v.Failf("%q is no event; want redirect, advice or failure", v.Text)
			}
		})
	}
	if v, ok := m.Value("when"); ok {
		rule.When = r.condition(v)
	}
	if m.Require("then") {
		m.TextOrMap("then", func(v strictyaml.Value) { readThenWord(v, &rule.Then) }, func(tm *strictyaml.Map) { r.readThen(tm, &rule.Then) })
	}
	r.checkRule(m, &rule)
	m.Done()
	return rule
}

// checkRule finds what cannot go together.
func (r *reader) checkRule(m *strictyaml.Map, rule *Rule) {
	a := &rule.Then
	switch {
	case rule.On&onFailure == 0:
	case rule.usesContact():
		m.Failf("when", "a failure is no matter of one contact; ask for attempts or response instead")
	case a.End != endReject && a.End != endPassThrough && a.End != endStop:
		m.Failf("then", "after a failure the search can be ended only: want reject, pass_through or stop")
	}
	if a.End == endStop && rule.On&^onFailure != 0 {
		m.Failf("then", "stop ends a search that has begun; say on: [failure]")
	}
	if rule.On&(onRedirect|onAdvice) == onAdvice && (rule.usesContact() || a.End.ofContact() || a.Rank != rankOrdinary || a.Weight != 0 || a.rewrite != nil) {
		m.Failf("then", "an advice has no contacts")
	}
}

// thenWords are the actions that need no more than their word.
var thenWords = map[string]Action{
	"skip":         {End: endSkip},
	"keep":         {End: endKeep},
	"pass_through": {End: endPassThrough},
	"stop":         {End: endStop},
	"prefer":       {Rank: rankFirst},
	"defer":        {Rank: rankLast},
}

func readThenWord(v strictyaml.Value, a *Action) {
	words := []string{"skip", "keep", "prefer", "defer", "pass_through", "stop"}
	if v.OneOf(words...) {
		*a = thenWords[v.Text]
	}
}

// readThen reads an action that has more to say.
func (r *reader) readThen(m *strictyaml.Map, a *Action) {
	m.TextOrMap("reject", func(v strictyaml.Value) {
		if status, ok := readFinal(v); ok {
			a.End, a.Answer = endReject, &redirectv1.FinalResponse{Status: uint32(status)}
		}
	}, func(rm *strictyaml.Map) { r.readReject(rm, a) })
	choose(m, "prefer", &a.Rank, choice[rank]{"first", rankFirst}, choice[rank]{"last", rankLast})
	m.Int("weight", &a.Weight, 1, 65535)
	a.rewrite = r.readRewrite(m.Map("rewrite"))
	m.OneOrEach("via", func(v strictyaml.Value) {
		if t := r.template(v); t != nil {
			checkLiteralURI(v, t)
			a.via = append(a.via, t)
		}
	})
	if len(a.via) > maxRoutes {
		m.Failf("via", "%d routes are more than %d", len(a.via), maxRoutes)
	}
	if v, ok := m.Value("next_hop"); ok {
		if a.nextHop = r.template(v); a.nextHop != nil && v.Text != onward {
			checkLiteralURI(v, a.nextHop)
		}
	}
	if v, ok := m.Value("label"); ok {
		a.label = r.template(v)
	}
	readTimers(m, &a.responseTimeout, &a.answerTimeout)
	a.headers = append(a.headers, r.readHeaderActions(m)...)
	if !m.Has("reject") && !a.changes() {
		m.Failf("", "there is nothing to do; want one of: reject, prefer, weight, rewrite, via, next_hop, label, response_timeout, answer_timeout, headers")
	}
	if a.End == endReject && a.changesTarget() {
		m.Failf("reject", "a call that is rejected has no target to change")
	}
	m.Done()
}

// changes reports whether an action changes anything.
func (a *Action) changes() bool { return a.changesTarget() || len(a.headers) > 0 }

func (a *Action) changesTarget() bool {
	return a.Rank != rankOrdinary || a.Weight != 0 || a.rewrite != nil || len(a.via) > 0 || a.nextHop != nil ||
		a.label != nil || a.responseTimeout != 0 || a.answerTimeout != 0
}

func (r *reader) readReject(m *strictyaml.Map, a *Action) {
	a.End, a.Answer = endReject, &redirectv1.FinalResponse{}
	m.Require("status")
	if v, ok := m.Value("status"); ok {
		if status, ok := readFinal(v); ok {
			a.Answer.Status = uint32(status)
		}
	}
	if v, ok := m.Value("reason"); ok {
		a.reason = r.template(v)
	}
	a.headers = r.readHeaderActions(m)
	m.Done()
}

// environment is what expressions may use. It is made for the first one: it takes
// longer than all the rest of a file without any.
func (r *reader) environment() (*expr.Env, error) {
	if r.env == nil {
		env, err := expr.NewEnv(r.lists)
		if err != nil {
			return nil, err
		}
		r.env = env
	}
	return r.env, nil
}

// condition compiles the expression of when; nil if it is wrong.
func (r *reader) condition(v strictyaml.Value) *expr.Condition {
	env, err := r.environment()
	if err != nil {
		v.Failf("%s", err)
		return nil
	}
	c, err := env.Condition(v.Text)
	if err != nil {
		failExpression(v, err)
		return nil
	}
	return c
}

// template compiles a text with ${expressions}; nil if it is wrong.
func (r *reader) template(v strictyaml.Value) *expr.Template {
	env, err := r.environment()
	if err != nil {
		v.Failf("%s", err)
		return nil
	}
	t, err := env.Template(v.Text)
	if err != nil {
		failExpression(v, err)
		return nil
	}
	return t
}

// failExpression reports an expression with the place in it that is wrong. The
// place in the file is exact where the text stands in one line of it.
func failExpression(v strictyaml.Value, err error) {
	if e, ok := errors.AsType[*expr.Error](err); ok {
		_, shown, _ := strings.Cut(e.Render(), "\n")
		v.FailfAt(e.Line, e.Column, shown, "%s", e.Message)
		return
	}
	v.Failf("%s", err)
}

// checkLiteralURI reports a text without expressions that is no SIP URI: one
// with expressions shows itself only when it is used.
func checkLiteralURI(v strictyaml.Value, t *expr.Template) {
	text, ok := t.Literal()
	if !ok {
		return
	}
	if id := reading(strings.Trim(text, "<>")); !id.IsSIP() {
		v.Failf("%q is no SIP URI; want one such as sip:192.0.2.1:5060;lr", text)
	}
}
