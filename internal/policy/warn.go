package policy

import "github.com/redirectd/redirectd/internal/strictyaml"

// warnUnreachable notes rules that can never do anything: their condition is
// false whatever the call, or a rule before them always ends the matter.
func (r *reader) warnUnreachable(rules []Rule, maps []*strictyaml.Map) {
	var covered events   // of which a rule before always ends the search
	var contactsTo *Rule // the rule that ends the judgement of every contact
	seen := map[string]*Rule{}
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
		case rule.When != nil && seen[rule.When.Source()].leavesNothingTo(rule):
			maps[i].Warnf("name", "the rule cannot be reached: rule %q before it has the same condition and ends the matter", seen[rule.When.Source()].Name)
		}
		if rule.Then.End == endNothing {
			continue
		}
		if rule.When != nil {
			seen[rule.When.Source()] = rule
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

// leavesNothingTo reports whether a rule with the same condition, which ends
// something, ends it for a rule after it too.
func (r *Rule) leavesNothingTo(after *Rule) bool {
	if r == nil || after.On&^r.On != 0 {
		return false
	}
	return !r.Then.End.ofContact() || after.usesContactOrEndsIt()
}

// usesContactOrEndsIt reports whether a rule says something about contacts only.
func (r *Rule) usesContactOrEndsIt() bool {
	return r.usesContact() || r.Then.End.ofContact() || r.Then.Rank != rankOrdinary || r.Then.Weight != 0 || r.Then.rewrite != nil
}
