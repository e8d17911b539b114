package main

import (
	"strings"
	"testing"
)

// TestCheckUnusedProfiles: a profile that no call can be of is no mistake, but
// hardly meant.
func TestCheckUnusedProfiles(t *testing.T) {
	t.Parallel()
	profiles := file(t, "policy.yaml", "profiles:\n  - name: first\n  - name: gold\n  - preset: img2020\n    name: silver\n")
	withDefault := file(t, "default.yaml", "profiles: [{name: first}, {name: default}]\n")
	trunks := func(names ...string) string {
		var list strings.Builder
		for i, name := range names {
			list.WriteString("  - {name: t" + string(rune('a'+i)) + ", from: [192.0.2." + string(rune('1'+i)) + "]" + name + "}\n")
		}
		return file(t, "edge.yaml", "trunks:\n"+list.String())
	}
	both, one := trunks(", profile: gold", ", profile: silver"), trunks(", profile: gold")
	none := trunks("")
	gold := profiles + `:3:5: warning: profiles[1]: no trunk of EDGE uses the profile "gold"` + "\n"
	silver := profiles + `:5:5: warning: profiles[2]: no trunk of EDGE uses the profile "silver"` + "\n"
	first := profiles + `:2:5: warning: profiles[0]: no trunk of EDGE uses the profile "first"` + "\n"
	for _, c := range []struct {
		name string
		args []string
		want string // EDGE stands for the file of --config
	}{
		{"all are used", []string{"--config", both, "--policy-config", profiles}, ""},
		{"one is not", []string{"--config", one, "--policy-config", profiles}, silver},
		{"a trunk that names none has the first", []string{"--config", none, "--policy-config", profiles}, gold + silver},
		{"or the default", []string{"--config", none, "--policy-config", withDefault}, withDefault + `:1:13: warning: profiles[0]: no trunk of EDGE uses the profile "first"` + "\n"},
		{"or that of the edge", []string{"--config", one, "--policy-config", profiles, "--profile", "silver"}, first},
		{"another policy is asked", []string{"--config", file(t, "remote.yaml", "policy: {target: 'a.example:1', config: "+profiles+"}\n")}, ""},
		{"it is asked when that is away", []string{"--config", file(t, "away.yaml", "policy: {target: 'a.example:1', config: "+profiles+", on_unavailable: embedded}\n")}, gold + silver},
		{"without a file of the edge", []string{"--policy-config", profiles}, ""},
		{"without a file of the policy", []string{"--config", none}, ""},
	} {
		want := c.want
		if c.args[0] == "--config" {
			want = strings.ReplaceAll(want, "EDGE", c.args[1])
		}
		code, out, errs := runWith(t, append([]string{"check"}, c.args...)...)
		if code != exitGood || !strings.Contains(out, ": ok: ") || errs != want {
			t.Errorf("%s: exit code %d, %q, got\n%swant\n%s", c.name, code, out, errs, want)
		}
	}
}
