package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const twoLists = "lists: [{name: a, type: prefixes, file: a}, {name: b, type: prefixes, file: b}]\nprofiles: [{name: default, deny: {lists: [a]}}]\n"

// TestRevisionTellsFilesApart: an entry that moves from one list to another is
// another policy; it was once taken for the same, and not loaded.
func TestRevisionTellsFilesApart(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "policy.yaml", twoLists)
	revision := func(a, b string) string {
		write(t, dir, "a", a)
		write(t, dir, "b", b)
		cfg, err := policy.LoadConfig(path)
		if err != nil {
			t.Fatal(err)
		}
		return cfg.Revision
	}
	if x, y := revision("+1900\n+882\n", "+979\n"), revision("+1900\n", "+882\n+979\n"); x == y {
		t.Errorf("both are %s", x)
	}
}

// TestListOfNoFile: who waits for a pipe never reads a policy again.
func TestListOfNoFile(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "policy.yaml", twoLists)
	write(t, dir, "b", "+1\n")
	if err := syscall.Mkfifo(filepath.Join(dir, "a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := policy.LoadConfig(path); err == nil || !strings.Contains(err.Error(), "a is no regular file") {
		t.Errorf("got %v", err)
	}
}

// TestListsInAll: each list is bounded, and so are all of them.
func TestListsInAll(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a", strings.Repeat("+1900\n", 90_000))
	var lists []string
	for range 12 {
		lists = append(lists, "{name: l"+string(rune('a'+len(lists)))+", type: prefixes, file: a}")
	}
	path := write(t, dir, "policy.yaml", "lists: ["+strings.Join(lists, ", ")+"]\nprofiles: [{name: default}]\n")
	if _, err := policy.LoadConfig(path); err == nil || !strings.Contains(err.Error(), "1080000 entries in all lists are more than 1000000") {
		t.Errorf("got %v", err)
	}
}
