package main

import "fmt"

// unused warns of the profiles of the policy file that no call of this edge can be
// of: no trunk names them, nor does the edge itself, whose profile is that of all
// other calls. Without a file of each there is nothing to say.
func (l *loaded) unused() (warnings []string) {
	if l.edgeFile == "" || l.edge.Policy.File == "" || !l.asksEmbedded() {
		return nil
	}
	used := map[string]bool{l.edge.Profile: true}
	if p := l.profiles.Unnamed(); p != nil && l.edge.Profile == "" {
		used[p.Name] = true
	}
	for _, t := range l.edge.Trunks {
		used[t.Profile] = true
	}
	for i, p := range l.profiles.Profiles {
		if !used[p.Name] {
			warnings = append(warnings, fmt.Sprintf("%s:%d:%d: warning: profiles[%d]: no trunk of %s uses the profile %q",
				p.At.File, p.At.Line, p.At.Col, i, l.edgeFile, p.Name))
		}
	}
	return warnings
}
