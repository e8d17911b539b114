package docs_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy/conformance"
	"github.com/redirectd/redirectd/internal/proctest"
)

// TestCasesAreDocumented: the table of conformance.md is that of the code.
func TestCasesAreDocumented(t *testing.T) {
	t.Parallel()
	const file, begin, end = "conformance.md", "<!-- cases -->\n", "<!-- end of cases -->\n"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no %q followed by %q", file, begin, end)
	}
	text := before + begin + "\n" + caseTable() + "\n" + end + after
	if text == string(data) {
		return
	}
	if !*update {
		t.Fatalf("the table of %s is not that of the code: go test ./docs -run TestCasesAreDocumented -update", file)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a page to read
		t.Fatal(err)
	}
}

func caseTable() string {
	var b strings.Builder
	b.WriteString("| case | what it demands | what the contract says |\n|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "*", `\*`, "<", `\<`)
	for _, c := range conformance.Cases() {
		should := ""
		if c.Should {
			should = " *(recommended)*"
		}
		fmt.Fprintf(&b, "| `%s` | %s%s | %s |\n", c.Name, cell.Replace(c.Demand), should, cell.Replace(c.Contract))
	}
	return b.String()
}

// checkConformanceFailure: the policy of contract.md gets that report, and passes
// but for what the page says of it.
func checkConformanceFailure(t *testing.T, _ *page, b block) {
	t.Helper()
	contract, free := pageOf(t, "contract.md"), proctest.FreeAddr(t).String()
	source := contract.find(t, "policy.go")
	proctest.StartFile(t, compile(t, strings.ReplaceAll(source, "127.0.0.1:50052", free)), "")
	proctest.Eventually(t, "the policy", func() bool {
		conn, err := net.DialTimeout("tcp", free, time.Second)
		return err == nil && conn.Close() == nil
	})
	code, out, _ := program(t, "", "redirectd", "conformance", "--timeout", "1m", "--only", "^sanity/(sips|ends)$", free)
	if code != 1 || out != b.text {
		t.Errorf("exit code %d, it prints\n%s\nthe page says\n%s", code, out, b.text)
	}
	known := filepath.Join(t.TempDir(), "known.txt")
	if err := os.WriteFile(known, []byte("sanity/tried\nsanity/sips\nsanity/ends\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := program(t, "", "redirectd", "conformance", "--timeout", "1m", "--known-failures", known, free, free); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, errs, out)
	}
}

// checkKnown: the list of the page is one.
func checkKnown(t *testing.T, _ *page, b block) {
	t.Helper()
	if known, err := conformance.ParseKnown(b.name, []byte(b.text)); err != nil || len(known) == 0 {
		t.Errorf("got %q, %v", known, err)
	}
}
