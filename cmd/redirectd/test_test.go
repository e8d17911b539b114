package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes files into a directory of the test.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	policyFile = "profiles: [{name: default}]\n"
	head       = "policy: policy.yaml\ntests:\n"
	good       = "- name: good\n  redirect: {status: 302, contacts: ['<sip:a@h>']}\n  expect: {targets: [sip:a@h]}\n"
	bad        = "- name: bad\n  redirect: {status: 302, contacts: ['<sip:a@h>']}\n  expect: {reject: 480}\n"
)

func TestTest(t *testing.T) {
	dir := write(t, map[string]string{
		"policy.yaml":       policyFile,
		"other.yaml":        "profiles: [{name: default, redirect: disabled}]\n",
		"a_test.yaml":       head + good,
		"b_test.yaml":       head + good + bad,
		"none_test.yaml":    "tests:\n" + good,
		"deep/c_test.yaml":  strings.Replace(head, "policy.yaml", "../policy.yaml", 1) + good,
		"deep/er/notes.txt": "",
	})
	t.Chdir(dir)
	for _, c := range []struct {
		name string
		args []string
		code int
		out  []string // beginnings of the lines that do not begin with a blank
		errs string
	}{
		{"passes", []string{"a_test.yaml"}, exitGood, []string{"ok    a_test.yaml:3: good", "1 test passed"}, ""},
		{"fails", []string{"b_test.yaml"}, exitFailed, []string{"ok    b_test.yaml:3: good", "FAIL  b_test.yaml:6: bad"}, "redirectd test: 1 of 2 tests failed\n"},
		{"two files", []string{"a_test.yaml", "b_test.yaml"}, exitFailed, []string{"ok    a_test.yaml:3: good", "ok    b_test.yaml:3: good", "FAIL  b_test.yaml:6: bad"}, "redirectd test: 1 of 3 tests failed\n"},
		{"directory", []string{"deep"}, exitGood, []string{"ok    deep/c_test.yaml:3: good", "1 test passed"}, ""},
		{"run", []string{"--run", "^go", "b_test.yaml"}, exitGood, []string{"ok    b_test.yaml:3: good", "1 test passed, 1 not run"}, ""},
		{"other policy", []string{"--config", "other.yaml", "none_test.yaml", "b_test.yaml"}, exitFailed, []string{"FAIL  none_test.yaml:2: good", "FAIL  b_test.yaml:3: good", "ok    b_test.yaml:6: bad"}, "redirectd test: 2 of 3 tests failed\n"},
		{"run nothing", []string{"--run", "x", "b_test.yaml"}, exitUsage, nil, "redirectd test: --run x matches none of 2 tests\n"},
		{"no policy", []string{"none_test.yaml"}, exitUsage, nil, "none_test.yaml:1:1: policy: the key is missing: which policy file, or --config?\n"},
		{"no file", []string{"x"}, exitUsage, nil, "redirectd test: read the tests: stat x: no such file or directory\n"},
		{"no tests", []string{"deep/er"}, exitUsage, nil, "redirectd test: deep/er has no file *_test.yaml\n"},
		{"no argument", nil, exitUsage, nil, "redirectd test: FILE is missing: which tests?\ntry: redirectd test --help\n"},
		{"pattern", []string{"--run", "(", "a_test.yaml"}, exitUsage, nil, "redirectd test: --run: error parsing regexp: missing closing ): `(`\ntry: redirectd test --help\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := runWith(t, "", append([]string{"test"}, c.args...)...)
			var lines []string
			for line := range strings.Lines(out) {
				if !strings.HasPrefix(line, " ") && line != "\n" {
					lines = append(lines, strings.TrimSuffix(line, "\n"))
				}
			}
			if code != c.code || errs != c.errs || strings.Join(lines, "\n") != strings.Join(c.out, "\n") {
				t.Errorf("exit code %d, got\n%s%s\nwant %d\n%s\n%s", code, out, errs, c.code, strings.Join(c.out, "\n"), c.errs)
			}
		})
	}
}

// TestTestFailure: whoever reads a failure sees what is different, and why.
func TestTestFailure(t *testing.T) {
	dir := write(t, map[string]string{"policy.yaml": policyFile, "b_test.yaml": head + bad})
	code, out, _ := runWith(t, "", "test", filepath.Join(dir, "b_test.yaml"))
	for _, text := range []string{
		"\n      reject (- expected, + decided)\n        - answer 480\n        + try, one after the other:\n",
		"\n        why     302 Moved Temporarily: 1 of 1 contact is a target, 0 of 10 attempts used\n",
		"\n          1  taken  sip:a@h  q order  no q (counts as 1), first of 1\n",
	} {
		if code != exitFailed || !strings.Contains(out, text) {
			t.Errorf("exit code %d, no %q in\n%s", code, text, out)
		}
	}
}

func TestTestJSONAndVerbose(t *testing.T) {
	dir := write(t, map[string]string{"policy.yaml": policyFile, "b_test.yaml": head + good + bad})
	path := filepath.Join(dir, "b_test.yaml")
	code, out, _ := runWith(t, "", "test", "--json", path)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitFailed || len(lines) != 2 || !strings.HasPrefix(lines[0], `{"file":"`+path+`","line":3,"name":"good","passed":true,`) ||
		!strings.HasPrefix(lines[1], `{"file":"`+path+`","line":6,"name":"bad","passed":false,"differences":[{"what":"reject","expected":["answer 480"],`) {
		t.Errorf("exit code %d, %s", code, out)
	}
	code, out, _ = runWith(t, "", "test", "--verbose", "--run", "good", path)
	if code != exitGood || !strings.Contains(out, "\n          1  taken  sip:a@h") {
		t.Errorf("exit code %d, %s", code, out)
	}
}

// TestTestNamesAllProblems: of all files at once, and of a policy once.
func TestTestNamesAllProblems(t *testing.T) {
	dir := write(t, map[string]string{
		"policy.yaml": "profiles: [{name: default, max_attempts: 0}]\n",
		"a_test.yaml": head + strings.Replace(good, "targets", "target", 1),
		"b_test.yaml": head + good,
		"c_test.yaml": head + good,
	})
	t.Chdir(dir)
	code, out, errs := runWith(t, "", "test", ".")
	want := `a_test.yaml:5:3: tests[0].expect: nothing is expected; want at least one of targets, reject, pass_through, rule, why, contacts, headers, exhausted, advance, after_ringing, consult_on_failure
a_test.yaml:5:12: tests[0].expect.target: unknown key; did you mean "targets"?
policy.yaml:1:42: profiles[0].max_attempts: 0 is out of range (1 to 64)
`
	if code != exitUsage || out != "" || errs != want {
		t.Errorf("exit code %d, %s, got\n%swant\n%s", code, out, errs, want)
	}
}

// TestTestOfTestdata: the example beside policy.yaml holds.
func TestTestOfTestdata(t *testing.T) {
	if code, out, errs := runWith(t, "", "test", "testdata"); code != exitGood || !strings.HasSuffix(out, "\n2 tests passed\n") {
		t.Errorf("exit code %d, %s%s", code, out, errs)
	}
}
