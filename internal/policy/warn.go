package policy

import "github.com/redirectd/redirectd/internal/strictyaml"

// warnUnreachable notes rules that can never do anything: their condition is
// false whatever the call, or a rule before them always ends the matter.
func (r *reader) warnUnreachable(rules []Rule, maps []*strictyaml.Map) {
	var covered events   // of which a rule before always ends the search
	var contactsTo *Rule // the rule that ends the judgement of every contact
	var seen = map[string]string{}
	for i := range rules {
		rule := &rules[i]
		always := rule.When == nil
		if rule.When != nil {
			value, constant := rule.When.Constant()
			if constant && !value {
				maps[i].Warnf("when", "the condition never holds, so the rule does nothing")
				continue
			}
			always = constant
		}
		switch {
		case rule.On&^covered == 0:
			maps[i].Warnf("name", "the rule cannot be reached: a rule before it always ends the search")
		case contactsTo != nil && rule.usesContactOrEndsIt():
			maps[i].Warnf("name", "the rule cannot be reached: rule %q before it says of every contact what becomes of it", contactsTo.Name)
		case rule.When != nil && seen[rule.When.Source()] != "":
			maps[i].Warnf("name", "the rule cannot be reached: rule %q before it has the same condition and ends the matter", seen[rule.When.Source()])
		}
		if rule.Then.End == endNothing {
			continue
		}
		if rule.When != nil && rule.On == onRedirect|onAdvice {
			seen[rule.When.Source()] = rule.Name
		}
		switch {
		case !always:
		case rule.Then.End.ofContact() && contactsTo == nil:
			contactsTo = rule
		case !rule.Then.End.ofContact():
			covered |= rule.On
		}
	}
}

// usesContactOrEndsIt reports whether a rule says something about contacts only.
func (r *Rule) usesContactOrEndsIt() bool {
	return r.usesContact() || r.Then.End.ofContact() || r.Then.Rank != rankOrdinary || r.Then.Weight != 0 || r.Then.rewrite != nil
}
