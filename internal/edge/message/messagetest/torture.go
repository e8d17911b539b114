package messagetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Torture returns the messages of RFC 4475 by name, as sipgo ships them with its
// source. One, "test", is not of the RFC, and "baddn" lacks its empty line.
func Torture(tb testing.TB) map[string]string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		tb.Fatalf("where sipgo is: %v", err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "sip/testdata/torture/*/*.dat"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no messages found in %s: %v", out, err)
	}
	messages := map[string]string{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		messages[strings.TrimSuffix(filepath.Base(file), ".dat")] = string(b)
	}
	return messages
}
