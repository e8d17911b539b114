package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// invocation is a command line that names one of the programs.
var invocation = regexp.MustCompile(`(?:^|[ /])(sipedge|redirectd)((?: \S+)*)$`)

// TestCommands: each command line in the text is one that the program takes.
func TestCommands(t *testing.T) {
	t.Parallel()
	found := 0
	for _, p := range pages(t) {
		lines := p.shell
		for _, span := range p.inline() {
			if strings.HasPrefix(span, "sipedge ") || strings.HasPrefix(span, "redirectd ") {
				lines = append(lines, span)
			}
		}
		for _, line := range lines {
			if checkCommand(t, p.name, line) {
				found++
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d command lines were found", found)
	}
}

func checkCommands(t *testing.T, p *page, b block) {
	t.Helper()
	for line := range strings.Lines(b.text) {
		if !checkCommand(t, p.name, strings.TrimSpace(line)) {
			t.Errorf("%s:%d: nothing tests %s", p.name, b.line, line)
		}
	}
}

// checkCommand runs a command line as it stands, with --help after it: then the
// program reads all of its flags, and does nothing.
func checkCommand(t *testing.T, where, line string) bool {
	t.Helper()
	line, _, _ = strings.Cut(line, " &")
	line, _, _ = strings.Cut(line, " #")
	m := invocation.FindStringSubmatch(strings.TrimSpace(line))
	if m == nil {
		return false
	}
	name, args := m[1], strings.Fields(m[2])
	code, out, errs := program(t, "", name, append(slices.Clone(args), "--help")...)
	if code != 0 {
		t.Errorf("%s: %s: exit code %d\n%s", where, line, code, errs)
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") && !strings.Contains(out, "\n  "+name+" "+args[0]+" ") {
		t.Errorf("%s: %s: %s has no command %s", where, line, name, args[0])
	}
	return true
}

var flagName = regexp.MustCompile(`--[a-z][a-z-]*`)

// checkUsage: the programs have the flags of the synopsis.
func checkUsage(t *testing.T, _ *page, b block) {
	t.Helper()
	help := ""
	for line := range strings.Lines(b.text) {
		if name, _, _ := strings.Cut(line, " "); name != "" {
			_, help, _ = program(t, "", name, "--help")
		}
		for _, flag := range flagName.FindAllString(line, -1) {
			if !strings.Contains(help, " "+flag+" ") {
				t.Errorf("no %s in\n%s", flag, help)
			}
		}
	}
}

// TestFlagsInProse: a flag that the text names belongs to one of the programs.
func TestFlagsInProse(t *testing.T) {
	t.Parallel()
	help := ""
	for _, name := range []string{"sipedge", "redirectd"} {
		for _, command := range []string{"serve", "check", "decide", "test", "conformance", "replay"} {
			_, out, _ := program(t, "", name, command, "--help")
			help += out
		}
	}
	for _, p := range pages(t) {
		for _, span := range p.inline() {
			if flag := flagName.FindString(span); strings.HasPrefix(span, "--") && !strings.Contains(help, " "+flag+" ") && flag != "--help" {
				t.Errorf("%s: no program has %s", p.name, flag)
			}
		}
	}
}

// TestMakeTargets: what is to be made can be made.
func TestMakeTargets(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, p := range pages(t) {
		for _, line := range append(p.inline(), p.shell...) {
			words := strings.Fields(line)
			if len(words) < 2 || words[0] != "make" {
				continue
			}
			found++
			if !strings.Contains(string(makefile), "\n"+words[1]+":") {
				t.Errorf("%s: the Makefile has no target %s", p.name, words[1])
			}
		}
	}
	if found < 3 {
		t.Errorf("only %d targets were found", found)
	}
}
