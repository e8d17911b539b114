package interop

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// bin is the directory with the programs under test; errSetup says why they
// cannot be tested, and every test fails with it.
var (
	bin      string
	errSetup error
)

func TestMain(m *testing.M) {
	flag.Parse()
	// The tests mostly wait for SIP timers, so more of them fit beside each
	// other than there are processors.
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		errSetup = f.Value.Set("8")
	}
	var err error
	bin, err = os.MkdirTemp("", "interop-")
	errSetup = errors.Join(errSetup, err, needPrograms("sipp", "kamailio", "baresip"))
	if errSetup == nil && !isInside() {
		errSetup = build()
	}
	m.Run()
	if err := os.RemoveAll(bin); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// needPrograms says what to install if a program is missing.
func needPrograms(names ...string) error {
	var missing []error
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			missing = append(missing, fmt.Errorf("%w: apt-get install sip-tester kamailio kamailio-tls-modules kamailio-utils-modules baresip-core nftables", err))
		}
	}
	return errors.Join(missing...)
}

// build compiles both programs with the race detector, whose reports fail the
// tests (see stopProgram).
func build() error {
	for _, name := range []string{"sipedge", "redirectd"} {
		cmd := exec.Command("go", "build", "-race", "-o", filepath.Join(bin, name), "../../cmd/"+name)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// ready ends the test at once if the programs that it needs are not there.
func ready(t *testing.T) {
	t.Helper()
	if err := errors.Join(errSetup, readSources()); err != nil {
		t.Fatal(err)
	}
}

// readSources looks at every directory of the module. It is for the cache of go
// test, which knows what a test looked at, but not what a program was built from
// that the test runs: without it, an edge that has changed would count as
// tested. Only what happens within a test is noted.
var readSources = sync.OnceValue(func() error {
	return filepath.WalkDir("../..", func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was there a moment ago
		}
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
			return filepath.SkipDir
		}
		return err
	})
})
