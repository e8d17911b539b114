package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestListFile is read beside the policy, counts for its revision, and its
// problems name its lines.
func TestListFile(t *testing.T) {
	dir := t.TempDir()
	file, list := filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "premium.txt")
	const text = "lists: [{name: premium, type: prefixes, file: premium.txt}]\nprofiles: [{name: default, deny: {lists: [premium]}}]\n"
	write(t, file, text)
	const entries = "# high cost\n+1900\n\n+882  # satellite\n"
	write(t, list, entries)
	cfg, err := LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{file, list}; !slices.Equal(cfg.Files, want) {
		t.Errorf("it was read from %q, want %q", cfg.Files, want)
	}
	sum := sha256.Sum256([]byte(text + fmt.Sprintf("\x00%d\x00", len(entries)) + entries))
	if want := hex.EncodeToString(sum[:])[:12]; cfg.Revision != want {
		t.Errorf("revision %s, want that of both files, %s", cfg.Revision, want)
	}
	if p := cfg.Profiles[0].Deny.numbers; len(p) != 1 || p[0].list.Len() != 2 {
		t.Errorf("got %+v", p)
	}
	for _, c := range []struct{ entries, want string }{
		{"+1900\n+88x\n", `:1:41: lists[0].file: the list cannot be read: ` + list + `:2: "+88x"`},
		{"# nothing\n", `:1:41: lists[0].file: ` + list + ` has 0 entries; want 1 to 100000`},
		{strings.Repeat("+1\n", 100001), `:1:41: lists[0].file: ` + list + ` has 100001 entries; want 1 to 100000`},
		{strings.Repeat("#", 33<<20), `:1:41: lists[0].file: ` + list + " has more than 33554432 bytes"},
	} {
		write(t, list, c.entries)
		if _, err := LoadConfig(file); err == nil || !strings.HasPrefix(strings.Replace(err.Error(), "the list cannot be read: "+list, list, 1), strings.Replace(file+c.want, "the list cannot be read: ", "", 1)) {
			t.Errorf("%.20q: got %v, want %s%s", c.entries, err, file, c.want)
		}
	}
}

// TestWeights: of many calls, each contact comes first as often as its weight says.
func TestWeights(t *testing.T) {
	cfg, err := ParseConfig("p.yaml", []byte(`profiles: [{name: default, order: weighted, rules: [{name: a, when: contact.uri.user == "a", then: {weight: 3}}]}]`))
	if err != nil {
		t.Fatal(err)
	}
	p := &cfg.Profiles[0]
	firsts := map[string]int{}
	const calls = 10000
	for i := range calls {
		c := []candidate{
			{index: 0, q: 1000, text: "sip:b@h"},
			{index: 1, q: 1000, text: "sip:a@h", edits: &edits{weight: 3}},
			{index: 2, q: 900, text: "sip:c@h"},
		}
		p.arrange(c, fmt.Sprintf("%d@caller", i))
		firsts[c[0].text]++
		if c[2].index != 2 {
			t.Fatal("the dice went over q")
		}
	}
	// Binomial: the deviation of 10000 throws at 3/4 is 43.
	if n := firsts["sip:a@h"]; n < calls*3/4-200 || n > calls*3/4+200 {
		t.Errorf("sip:a@h with weight 3 of 4 was first %d times of %d", n, calls)
	}
}
