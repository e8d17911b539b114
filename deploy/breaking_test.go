package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// contract is a repository with a contract, and the check that it breaks nobody,
// with a buf that only says what it is asked.
type contract struct{ dir string }

func newContract(t *testing.T) *contract {
	t.Helper()
	c := &contract{t.TempDir()}
	script, err := os.ReadFile("../.ci/breaking")
	if err != nil {
		t.Fatal(err)
	}
	c.write(t, ".ci/breaking", string(script))
	c.write(t, ".ci/buf", "#!/bin/sh\necho \"buf $1 $2 $(cat \"$3/proto/a.proto\")\"\n")
	c.write(t, "buf.yaml", "version: v2\n")
	c.write(t, "proto/a.proto", "first")
	c.git(t, "init", "--quiet")
	c.commit(t)
	return c
}

func (c *contract) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

func (c *contract) commit(t *testing.T) {
	t.Helper()
	c.git(t, "add", "--all")
	c.git(t, "-c", "user.name=a", "-c", "user.email=a@b.test", "-c", "commit.gpgSign=false", "commit", "--quiet", "--message", "c")
}

func (c *contract) git(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = c.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}

// says fails the test unless the check passes and says exactly that.
func (c *contract) says(t *testing.T, lines ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(c.dir, ".ci/breaking"), ".ci/buf")
	out, err := cmd.CombinedOutput()
	if want := strings.Join(lines, "\n") + "\n"; err != nil || string(out) != want {
		t.Errorf("%v, got\n%swant\n%s", err, out, want)
	}
}

const nothing = "contract: nothing released yet: compared with nothing"

func TestBreakingWithoutRelease(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	c.says(t, nothing)
	c.write(t, "proto/a.proto", "second")
	uncommitted := []string{
		"contract: nothing released yet: only what is not committed is compared",
		"contract: .ci/buf breaking --against HEAD", "buf breaking --against first",
	}
	c.says(t, uncommitted...)
	c.commit(t)
	c.says(t, nothing)
}

func TestBreakingComparesWithTheLastRelease(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	c.git(t, "tag", "v1.9.0")
	c.write(t, "proto/a.proto", "second")
	c.commit(t)
	c.git(t, "tag", "v1.10.0")
	c.write(t, "proto/a.proto", "third")
	c.commit(t)
	c.says(t, "contract: .ci/buf breaking --against v1.10.0", "buf breaking --against second")
}

// A shallow clone, as CI makes it, has no tag of an older commit.
func TestBreakingInAShallowClone(t *testing.T) {
	t.Parallel()
	c := newContract(t)
	c.git(t, "tag", "v1.0.0")
	c.write(t, "proto/a.proto", "second")
	c.commit(t)
	shallow := func() *contract {
		dir := filepath.Join(t.TempDir(), "clone")
		c.git(t, "clone", "--quiet", "--depth=1", "--no-tags", "file://"+c.dir, dir)
		return &contract{dir}
	}
	shallow().says(t, "contract: .ci/buf breaking --against v1.0.0", "buf breaking --against first")
	alone := shallow()
	alone.git(t, "remote", "remove", "origin")
	alone.says(t, "contract: this clone is shallow and its tags cannot be fetched, so the last release is not known: compared with nothing")
	c.git(t, "tag", "--delete", "v1.0.0")
	shallow().says(t, nothing)
}
