package kamailio

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// TestConfigurations: Kamailio takes its configuration in every form that the
// benchmark has, with the modules that the tests' own packages bring.
func TestConfigurations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{}, {RecordRoute: true}, {TCP: true, RecordRoute: true}, {Accounting: true}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			t.Parallel()
			args := Args(dir, modulesOf(t), o)
			out, err := exec.CommandContext(t.Context(), "/usr/sbin/kamailio", append(args, "-c")...).CombinedOutput()
			if err != nil || strings.Contains(string(out), "ERROR") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// modulesOf is the directory of the modules, whatever else the benchmark needs.
func modulesOf(t *testing.T) string {
	t.Helper()
	dir, err := directory()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
