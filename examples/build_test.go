package examples_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
)

// command is an example that was built.
type command struct {
	dir  string   // where it was built, and where its paths begin
	args []string // how it is started
	sh   string   // how its tests are run
}

// checkNeeds fails the test if a package is missing: it is never skipped.
func (e *example) checkNeeds(t *testing.T) {
	t.Helper()
	var missing []string
	for _, n := range e.needs {
		if exec.CommandContext(t.Context(), "sh", "-c", n[0]).Run() != nil {
			missing = append(missing, n[1])
		}
	}
	if len(missing) > 0 {
		t.Fatalf("missing for examples/%s: apt-get install --no-install-recommends %s", e.dir, strings.Join(missing, " "))
	}
}

// build does what the README says, in a copy of the directory.
func (e *example) build(t *testing.T) *command {
	t.Helper()
	readme := read(t, filepath.Join(e.dir, "README.md"))
	c := &command{args: strings.Fields(block(t, readme, "run")), sh: block(t, readme, "test")}
	if e.inPlace {
		c.dir = e.dir
		binary := filepath.Join(t.TempDir(), e.dir)
		c.shell(t, "go build -race -o "+binary+" .")
		if c.args[0] != "go" || c.args[1] != "run" || c.args[2] != "." {
			t.Fatalf("the README runs it otherwise: %q", c.args)
		}
		c.args = append([]string{binary}, c.args[3:]...) // go run keeps signals for itself
		return c
	}
	c.dir = e.copied(t)
	c.shell(t, block(t, readme, "build"))
	if !strings.Contains(c.args[0], "/") {
		path, err := exec.LookPath(c.args[0])
		if err != nil {
			t.Fatal(err)
		}
		c.args[0] = path
	} else {
		c.args[0] = filepath.Join(c.dir, c.args[0])
	}
	return c
}

// copied makes a copy of what git has of an example, with all that it refers to
// where it expects it.
func (e *example) copied(t *testing.T) (dir string) {
	t.Helper()
	root := t.TempDir()
	dir = filepath.Join(root, "examples", e.dir)
	files := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	files.Dir = e.dir
	out, err := files.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		copyFile(t, filepath.Join(e.dir, name), filepath.Join(dir, name))
	}
	for name, to := range map[string]string{
		"../proto": "proto", "routes.csv": "examples/routes.csv", "testdata": "examples/testdata",
	} {
		path, err := filepath.Abs(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(root, to)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, []byte(read(t, from)), info.Mode()&fs.ModePerm); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var fence = regexp.MustCompile("(?s)\n```sh ([a-z]+)\n(.*?)```\n")

// block returns the commands of a README with that name.
func block(t *testing.T, readme, name string) string {
	t.Helper()
	for _, m := range fence.FindAllStringSubmatch(readme, -1) {
		if m[1] == name {
			return m[2]
		}
	}
	t.Fatalf("the README has no block %q", name)
	return ""
}

// shell runs commands as somebody would on Debian: its own programs come first. What
// is only for a test need not be optimised, and npm need not ask what it has.
func (c *command) shell(t *testing.T, commands string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", commands)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "PATH=/usr/bin:/bin:"+os.Getenv("PATH"), "CXXFLAGS=-O0", "MAKEFLAGS=-j2",
		"PYTHONDONTWRITEBYTECODE=1", "npm_config_prefer_offline=true", "npm_config_audit=false", "npm_config_update_notifier=false")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s%v\n%s", commands, err, out)
	}
}

// test runs the example's own tests.
func (c *command) test(t *testing.T) {
	t.Parallel()
	c.shell(t, c.sh)
}

// run starts it with further flags: the last of a name counts.
func (c *command) run(t *testing.T, flags ...string) *proctest.Process {
	t.Helper()
	return proctest.StartFile(t, c.args[0], c.dir, append(c.args[1:len(c.args):len(c.args)], flags...)...)
}

// start starts it with a file of routes, and returns its target.
func (c *command) start(t *testing.T, routes string) (target string) {
	t.Helper()
	return c.run(t, "--routes", routes, "--listen", "127.0.0.1:0").Value("listening", "addr")
}
