package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const full = `
profiles:
  - name: default
    preset: rfc3261
    redirect: enabled
    max_attempts: 5
    follow: [302, 399]
    map: {301: 404, 302: 486, default: 500}
    after_ringing: stop
    register: map
  - {name: gateway, preset: img2020}
`

func TestParseConfig(t *testing.T) {
	cfg, err := ParseConfig("policy.yaml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	first, second := rfc3261("default"), rfc3261("gateway")
	first.At, second.At = Position{"policy.yaml", 3, 5}, Position{"policy.yaml", 11, 6}
	first.MaxAttempts, first.Follow, first.StopAfterRinging, first.FollowRegister = 5, []int{302, 399}, true, false
	first.Map, first.MapDefault = map[int]int{301: 404, 302: 486}, 500
	second.Preset, second.Follow, second.StopAfterRinging, second.FollowRegister = "img2020", []int{300, 301, 302}, true, false
	if want := []Profile{first, second}; fmt.Sprintf("%+v", cfg.Profiles) != fmt.Sprintf("%+v", want) {
		t.Errorf("\n got %+v\nwant %+v", cfg.Profiles, want)
	}
	sum := sha256.Sum256([]byte(full))
	if got := cfg.Revision; got != hex.EncodeToString(sum[:])[:12] {
		t.Errorf("revision %q is not the start of the file's SHA-256", got)
	}
}

func TestPresets(t *testing.T) {
	cfg, err := ParseConfig("t", []byte("profiles: [{name: default}]"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Profiles[0].At = Position{}
	if d := DefaultConfig(); fmt.Sprintf("%+v", cfg.Profiles) != fmt.Sprintf("%+v", d.Profiles) {
		t.Errorf("an empty profile is %+v, without a file it is %+v", cfg.Profiles, d.Profiles)
	}
	if _, ok := NewProfile("x", "nothing"); ok {
		t.Error("there is a preset named nothing")
	}
	for _, name := range Presets() {
		if p, ok := NewProfile("x", name); !ok || p.Name != "x" || p.Preset != name || p.MaxAttempts < 10 {
			t.Errorf("preset %s is %+v, %v", name, p, ok)
		}
	}
	one, _ := NewProfile("a", PresetRFC3261)
	one.Map[302], one.Follow[0] = 999, 999
	if two, _ := NewProfile("b", PresetRFC3261); two.Map[302] != 480 || two.Follow[0] != 300 {
		t.Error("profiles share what they may change")
	}
}

func TestConfigProblems(t *testing.T) {
	in := func(key string) string { return "profiles:\n- name: a\n  " + key }
	for _, c := range []struct{ name, data, want string }{
		{"empty", "", "t.yaml:1:1: profiles: the key is missing"},
		{"syntax", "profiles: [", "t.yaml:1:1: not YAML: did not find expected node content"},
		{"alias", "profiles: &a []\nx: *a", "t.yaml:2:4: x: the alias *a is not allowed; write the value out"},
		{"two documents", "profiles: [{name: a}]\n---\nx: 1", `t.yaml:2:1: a second document starts here ("---"); one file is one document`},
		{"size", strings.Repeat("#", 1<<20+1), "t.yaml:1:1: the file has more than 1048576 bytes"},
		{"no profile", "profiles: []", "t.yaml:1:1: profiles: the list is empty; want at least one profile, such as {name: default}"},
		{"no list", "profiles: default", `t.yaml:1:11: profiles: this is "default"; want a list of maps`},
		{"no name", "profiles: [{redirect: enabled}]", "t.yaml:1:12: profiles[0].name: the key is missing"},
		{"empty name", `profiles: [{name: ""}]`, "t.yaml:1:13: profiles[0].name: a name of 0 bytes; want 1 to 64"},
		{"odd name", `profiles: [{name: "a\nb"}]`, `t.yaml:1:13: profiles[0].name: "a\nb" has a control character`},
		{"same name", "profiles: [{name: a}, {name: a}]", `t.yaml:1:24: profiles[1].name: there is another profile "a" before this one; names are unique`},
		{"unknown key", in("max_atempts: 3"), `t.yaml:3:3: profiles[0].max_atempts: unknown key; did you mean "max_attempts"?`},
		{"unknown top key", "profiles: [{name: a}]\nrules: []", "t.yaml:2:1: rules: unknown key; known here: lists, profiles"},
		{"preset", in("preset: rfc2543"), `t.yaml:3:11: profiles[0].preset: "rfc2543" is not allowed; want one of rfc3261, img2020, clearip, lnp, transparent, stir`},
		{"redirect", in("redirect: true"), `t.yaml:3:13: profiles[0].redirect: true is not allowed; want one of enabled, disabled, pass_through`},
		{"no attempts", in("max_attempts: 0"), "t.yaml:3:17: profiles[0].max_attempts: 0 is out of range (1 to 64)"},
		{"65 attempts", in("max_attempts: 65"), "t.yaml:3:17: profiles[0].max_attempts: 65 is out of range (1 to 64)"},
		{"follow 299", in("follow: [302, 299]"), "t.yaml:3:17: profiles[0].follow[1]: 299 is out of range (300 to 399)"},
		{"follow 380", in("follow: [380]"), "t.yaml:3:12: profiles[0].follow[0]: 380 cannot be followed: it is its body, not its Contact, that names alternatives (RFC 3261 section 21.3.5)"},
		{"follow twice", in("follow: [302, 302]"), "t.yaml:3:17: profiles[0].follow[1]: 302 stands in the list twice"},
		{"follow one", in("follow: 302"), "t.yaml:3:11: profiles[0].follow: this is 302; want a list of values, like [a, b]"},
		{"map from", in("map: {404: 480}"), `t.yaml:3:9: profiles[0].map.404: "404" is no redirect; want 300 to 399, or default`},
		{"map to", in("map: {302: 302}"), "t.yaml:3:14: profiles[0].map.302: 302 is out of range (400 to 699)"},
		{"map to 408", in("map: {default: 408}"), "t.yaml:3:18: profiles[0].map.default: 408 is not allowed: only an INVITE may be answered with it (RFC 4320), and a redirect is no timeout"},
		{"after_ringing", in("after_ringing: end"), `t.yaml:3:18: profiles[0].after_ringing: "end" is not allowed; want one of continue, stop`},
		{"register", in("register: no"), `t.yaml:3:13: profiles[0].register: "no" is not allowed; want one of follow, map`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := ParseConfig("t.yaml", []byte(c.data))
			if err == nil || err.Error() != c.want {
				t.Errorf("\n got %v, %v\nwant %s", cfg, err, c.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := ParseConfig("t.yaml", []byte("profiles:\n- {name: a, max_attempts: 0}\n- {name: a, follow: [380]}\nx: 1\n"))
	if err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("want four problems, got\n%v", err)
	}
}

func TestTooManyProfiles(t *testing.T) {
	_, err := ParseConfig("t.yaml", []byte("profiles:\n"+strings.Repeat("- {name: a}\n", 1025)))
	if err == nil || !strings.Contains(err.Error(), "profiles: 1025 profiles are more than 1024") {
		t.Errorf("got %.300v", err)
	}
}

func TestLoadConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte(full), 0o600); err != nil {
		t.Fatal(err)
	}
	if cfg, err := LoadConfig(path); err != nil || len(cfg.Profiles) != 2 {
		t.Errorf("got %v, %v", cfg, err)
	}
	_, err := LoadConfig(path + ".missing")
	if err == nil || !strings.Contains(err.Error(), path+".missing") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("#", 2<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadConfig(path); err == nil || !strings.Contains(err.Error(), "more than 1048576") {
		t.Errorf("a file too long: got %v", err)
	}
}
