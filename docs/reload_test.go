package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
)

var (
	whenReloaded = regexp.MustCompile(`reloaded at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	whereServing = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// checkReadyz: redirectd says that after its policy file was broken.
func checkReadyz(t *testing.T, _ *page, b block) {
	t.Helper()
	dir := t.TempDir()
	write := func(content string) {
		if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("profiles:\n- name: default\n")
	p := proctest.StartFile(t, proctest.Build(t, "redirectd"), dir, "--config", "policy.yaml", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	admin := p.Value("msg=listening", "admin")
	write("profiles:\n- name: default\n  max_attempts: 0\n")
	p.Await("problem of the policy")
	masked := func(s string) string {
		return whereServing.ReplaceAllString(whenReloaded.ReplaceAllString(s, "reloaded at TIME"), "ADDRESS")
	}
	status, body := proctest.Get(t, admin, "/readyz")
	if got, want := masked(body), masked(b.text); status != 200 || got != want {
		t.Errorf("/readyz says %d\n%s\nthe page says\n%s", status, got, want)
	}
}
