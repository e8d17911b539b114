package policy

import (
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// reader is what reading a configuration has to know of the whole of it.
type reader struct {
	cfg     *Config
	file    string
	content hash.Hash // of every file that was read
	lists   map[string]*expr.List
	env     *expr.Env
}

// position returns where a key stands.
func (r *reader) position(m *strictyaml.Map, key string) Position {
	line, col := m.Position(key)
	return Position{r.file, line, col}
}

// readProfile reads one profile: the preset first, then the keys that change
// it.
func (r *reader) readProfile(m *strictyaml.Map) Profile {
	var name string
	if m.Require("name") && m.String("name", &name) {
		switch {
		case name == "" || len(name) > maxProfileName:
			m.Failf("name", "a name of %d bytes; want 1 to %d", len(name), maxProfileName)
		case strings.ContainsFunc(name, unicode.IsControl): // it stands in answers and logs
			m.Failf("name", "%q has a control character", name)
		}
	}
	preset := PresetRFC3261
	m.Enum("preset", &preset, Presets()...)
	p, _ := NewProfile(name, preset)
	p.At = r.position(m, "name")
	readFollowing(m, &p)
	readLimits(m, &p)
	readSearch(m, &p)
	readHeaders(m, &p)
	p.Deny, p.Allow = r.readGuard(m.Map("deny"), true), r.readGuard(m.Map("allow"), false)
	p.hasGuards = p.Deny.says() || p.Allow.says()
	p.Rules = r.readRules(m)
	p.byFailure = slices.ContainsFunc(p.Rules, func(rule Rule) bool { return rule.On&onFailure != 0 })
	m.Done()
	return p
}

// readFollowing reads which 3xx are followed, and how.
func readFollowing(m *strictyaml.Map, p *Profile) {
	choose(m, "redirect", &p.Redirect, choice[RedirectMode]{"enabled", RedirectEnabled},
		choice[RedirectMode]{"disabled", RedirectDisabled}, choice[RedirectMode]{"pass_through", RedirectPassThrough})
	choose(m, "use", &p.Use, choice[ContactUse]{"place", UsePlace}, choice[ContactUse]{"number", UseNumber}, choice[ContactUse]{"headers", UseHeaders})
	readMethods(m, p)
	choose(m, "register", &p.FollowRegister, choice[bool]{"follow", true}, choice[bool]{"map", false})
	readFollow(m, p)
	choose(m, "unknown", &p.UnknownAs300, choice[bool]{"as_300", true}, choice[bool]{"map", false})
	readMap(m.Map("map"), p)
	if m.Has("no_advice") {
		p.NoAdvice = []statusRange{}
		m.Each("no_advice", func(v strictyaml.Value) {
			if s, ok := readRange(v, 400, 599); ok {
				p.NoAdvice = append(p.NoAdvice, s)
			}
		})
	}
}

func readLimits(m *strictyaml.Map, p *Profile) {
	m.Int("max_contacts", &p.MaxContacts, 1, maxContacts)
	m.Int("max_attempts", &p.MaxAttempts, 1, maxTargets)
	m.Int("max_nesting", &p.MaxNesting, 1, maxTargets)
	m.Duration("setup_time", &p.SetupTime, time.Second, 10*time.Minute)
}

// readSearch reads in which order targets are tried, and when the search ends.
func readSearch(m *strictyaml.Map, p *Profile) {
	choose(m, "order", &p.Order, choice[Order]{"q", OrderQ}, choice[Order]{"received", OrderReceived},
		choice[Order]{"weighted", OrderWeighted}, choice[Order]{"shuffled", OrderShuffled})
	choose(m, "nested", &p.Nested, choice[Nested]{"before", NestedBefore}, choice[Nested]{"after", NestedAfter}, choice[Nested]{"replace", NestedReplace})
	readTimers(m, &p.ResponseTimeout, &p.AnswerTimeout)
	readAdvance(m, p)
	choose(m, "after_ringing", &p.StopAfterRinging, choice[bool]{"continue", false}, choice[bool]{"stop", true})
	readExhausted(m, p)
}

// readTimers reads the timers of a target, in the ranges of the contract.
func readTimers(m *strictyaml.Map, response, answer *time.Duration) {
	m.Duration("response_timeout", response, 100*time.Millisecond, 32*time.Second)
	m.Duration("answer_timeout", answer, time.Second, 10*time.Minute)
}

// choice is a word of the file and what it stands for.
type choice[T comparable] struct {
	word  string
	value T
}

func choose[T comparable](m *strictyaml.Map, key string, into *T, choices ...choice[T]) {
	words := make([]string, len(choices))
	for i, c := range choices {
		words[i] = c.word
	}
	word := ""
	if i := slices.IndexFunc(choices, func(c choice[T]) bool { return c.value == *into }); i >= 0 {
		word = choices[i].word
	}
	if !m.Enum(key, &word, words...) {
		return
	}
	*into = choices[max(slices.Index(words, word), 0)].value
}

func readMethods(m *strictyaml.Map, p *Profile) {
	if !m.Has("methods") {
		return
	}
	p.Methods = nil
	m.Some("methods", func(v strictyaml.Value) {
		switch {
		case v.Text != strings.ToUpper(v.Text) || !isToken(v.Text):
			v.Failf("%q is no method; want a word in upper case, such as INVITE", v.Text)
		case v.Text == "ACK" || v.Text == "CANCEL":
			v.Failf("%s is never redirected (RFC 3261 sections 9.1 and 17)", v.Text)
		case slices.Contains(p.Methods, v.Text):
			v.Failf("%s stands in the list twice", v.Text)
		default:
			p.Methods = append(p.Methods, v.Text)
		}
	})
}

func readFollow(m *strictyaml.Map, p *Profile) {
	if !m.Has("follow") {
		return
	}
	p.Follow = nil
	m.Each("follow", func(v strictyaml.Value) {
		code, ok := v.Int(300, 399)
		switch {
		case !ok:
		case code == 380:
			v.Failf("380 cannot be followed: it is its body, not its Contact, that names alternatives (RFC 3261 section 21.3.5)")
		case slices.Contains(p.Follow, code):
			v.Failf("%d stands in the list twice", code)
		default:
			p.Follow = append(p.Follow, code)
		}
	})
}

// readMap changes single entries of the preset's map.
func readMap(m *strictyaml.Map, p *Profile) {
	m.Entries(func(key, value strictyaml.Value) {
		key.Like("^(3[0-9][0-9]|default)$")
		// In any case, also for a schema, where there is no key to look at.
		to, ok := readFinal(value)
		from := 0
		if key.Text != "default" {
			code, err := strconv.Atoi(key.Text)
			if err != nil || len(key.Text) != 3 || code < 300 || code > 399 {
				key.Failf("%q is no redirect; want 300 to 399, or default", key.Text)
				return
			}
			from = code
		}
		switch {
		case !ok:
		case from == 0:
			p.MapDefault = to
		default:
			p.Map[from] = to
		}
	})
}

// readFinal reads a status that may stand for a redirect.
func readFinal(v strictyaml.Value) (int, bool) {
	status, ok := v.Int(400, 699)
	if ok && status == 408 {
		v.Failf("408 is not allowed: only an INVITE may be answered with it (RFC 4320), and a redirect is no timeout")
		return 0, false
	}
	return status, ok
}

// readExhausted reads a word or a status.
func readExhausted(m *strictyaml.Map, p *Profile) {
	v, ok := m.Value("exhausted")
	v.Examples("best", "mapped", "480")
	switch {
	case !ok:
	case v.Text == "best":
		p.Exhausted = Exhausted{}
	case v.Text == "mapped":
		p.Exhausted = Exhausted{Mapped: true}
	case isNumber(v.Text):
		if status, ok := readFinal(v); ok {
			p.Exhausted = Exhausted{Status: status}
		}
	default:
		v.Failf("%q is neither best, mapped nor a status from 400 to 699", v.Text)
	}
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

// readAdvance reads the failures that go on, and takes out those that stop.
func readAdvance(m *strictyaml.Map, p *Profile) {
	if m.Has("advance") {
		p.Advance = Advance{}
		m.Each("advance", func(v strictyaml.Value) {
			v.Examples("timeout", "transport_error", "500-599")
			switch v.Text {
			case "timeout":
				p.Advance.Timeout = true
			case "transport_error":
				p.Advance.TransportError = true
			default:
				if s, ok := readRange(v, 400, 599); ok {
					p.Advance.Statuses = append(p.Advance.Statuses, s)
				}
			}
		})
	}
	var stop []statusRange
	m.Each("stop", func(v strictyaml.Value) {
		v.Examples("timeout", "transport_error", "500-599")
		switch v.Text {
		case "timeout":
			p.Advance.Timeout = false
		case "transport_error":
			p.Advance.TransportError = false
		default:
			if s, ok := readRange(v, 400, 599); ok {
				stop = append(stop, s)
			}
		}
	})
	p.Advance.Statuses = joined(without(joined(p.Advance.Statuses), stop))
	if n := len(p.Advance.Statuses); n > maxStatusRanges {
		m.Failf("advance", "%d ranges are more than %d", n, maxStatusRanges)
	}
}

// maxStatusRanges is the contract's bound for an advance rule.
const maxStatusRanges = 64

// readRange reads one status, or two with a dash between.
func readRange(v strictyaml.Value, lo, hi int) (statusRange, bool) {
	first, last, found := strings.Cut(v.Text, "-")
	if !found {
		last = first
	}
	a, errA := strconv.Atoi(first)
	b, errB := strconv.Atoi(last)
	switch {
	case errA != nil || errB != nil:
		v.Failf("%q is no status; want one such as 486, or a range such as 500-599", v.Text)
	case a > b:
		v.Failf("%s ends before it begins; want the lower one first", v.Text)
	case a < lo || b > hi:
		v.Failf("%s is out of range (%d to %d)", v.Text, lo, hi)
	default:
		return statusRange{a, b}, true
	}
	return statusRange{}, false
}
