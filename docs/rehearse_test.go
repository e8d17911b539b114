package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/rehearse"
)

// checkCall: what the page says of its call is what decide prints.
func checkCall(t *testing.T, p *page, b block) {
	t.Helper()
	command := ""
	for _, line := range p.shell {
		if args, ok := strings.CutPrefix(line, "redirectd decide "); ok && strings.HasSuffix(line, " call.sip") {
			command = args
		}
	}
	if b.name != "call.sip" || command == "" {
		t.Fatalf("the page has no command about %s", b.name)
	}
	code, out, errs := program(t, p.save(t), "redirectd", append([]string{"decide"}, strings.Fields(command)...)...)
	if want := p.find(t, "call.sip output"); code != 0 || errs != "" || maskRevision(out) != maskRevision(want) {
		t.Errorf("exit code %d, %s, it prints\n%s\nthe page says\n%s", code, errs, out, want)
	}
}

// checkPolicyTest: the tests of the page hold.
func checkPolicyTest(t *testing.T, p *page, b block) {
	t.Helper()
	code, out, errs := program(t, p.save(t), "redirectd", "test", b.name)
	if code != 0 || errs != "" || !strings.HasSuffix(out, " passed\n") {
		t.Errorf("exit code %d, %s%s", code, out, errs)
	}
}

// checkRule: the rule drops what its name says.
func checkRule(t *testing.T, p *page, b block) {
	t.Helper()
	dir := p.save(t)
	test := "policy: " + b.name + "\ntests:\n- name: a\n  redirect: {status: 302, contacts: ['<sip:+19005551212@h>', '<sip:+18005551212@h>']}\n" +
		"  expect: {targets: ['sip:+18005551212@h'], contacts: {1: 'dropped: no premium numbers'}}\n"
	if err := os.WriteFile(filepath.Join(dir, "a_test.yaml"), []byte(test), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := program(t, dir, "redirectd", "test", "a_test.yaml"); code != 0 {
		t.Errorf("exit code %d, %s%s", code, out, errs)
	}
}

// checkTested: an example of a policy has its tests below it.
func checkTested(t *testing.T, p *page, b block) {
	t.Helper()
	name := strings.TrimSuffix(b.name, ".yaml") + "_test.yaml"
	if tests := p.find(t, name); !strings.HasPrefix(tests, "policy: "+b.name+"\n") {
		t.Errorf("%s is not about %s", name, b.name)
	}
}

// checkMistakes: what the page says of a broken file is what check prints.
func checkMistakes(t *testing.T, p *page, b block) {
	t.Helper()
	const broken = "profiles:\n- name: default\n  max_atempts: 5\n  rules:\n  - name: by trunk\n    when: call.trnk == \"carrier-a\"\n    then: prefer\n"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"redirectd", "sipedge"} {
		flag := map[string]string{"redirectd": "--config", "sipedge": "--policy-config"}[name]
		if !strings.Contains(p.prose, name+" check "+flag+" policy.yaml") {
			t.Errorf("the page has no command of %s", name)
		}
		if code, out, errs := program(t, dir, name, "check", flag, "policy.yaml"); code != 2 || out != "" || errs != b.text {
			t.Errorf("exit code %d, %s, it prints\n%s\nthe page says\n%s", code, out, errs, b.text)
		}
	}
}

// checkFailedTest: what the page says of the test that fails is what is printed.
func checkFailedTest(t *testing.T, p *page, b block) {
	t.Helper()
	code, out, errs := program(t, p.save(t), "redirectd", "test", b.name)
	if want := p.find(t, b.name+" output"); code != 1 || errs != "redirectd test: 1 of 1 tests failed\n" || maskRevision(out) != maskRevision(want) {
		t.Errorf("exit code %d, %s, it prints\n%s\nthe page says\n%s", code, errs, out, want)
	}
}

// checkOutput: a block that another one is compared with.
func checkOutput(t *testing.T, p *page, b block) {
	t.Helper()
	p.find(t, strings.TrimSuffix(b.name, " output"))
}

// maskRevision hides the version of the program: the revision of the policy is that
// of the page.
func maskRevision(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if before, after, ok := strings.Cut(line, "policy  redirectd "); ok {
			_, after, _ = strings.Cut(after, ",")
			lines[i] = before + "policy  redirectd VERSION," + after
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// TestEveryKeyOfATestIsDocumented: the loader names the keys that it knows when it
// meets one that it does not.
func TestEveryKeyOfATestIsDocumented(t *testing.T) {
	t.Parallel()
	p := pageOf(t, "rehearse.md")
	for _, probe := range []string{
		"0: 0\ntests: [{name: a, redirect: {status: 302}, expect: {rule: a}}]",
		"tests: [{name: a, redirect: {status: 302}, expect: {rule: a}, 0: 0}]",
		"tests: [{name: a, redirect: {status: 302, 0: 0}, expect: {rule: a}}]",
		"tests: [{name: a, advice: {status: 404, 0: 0}, expect: {rule: a}}]",
		"tests: [{name: a, failure: {status: 404, 0: 0}, expect: {rule: a}}]",
		"tests: [{name: a, redirect: {status: 302}, call: {0: 0}, expect: {rule: a}}]",
		"tests: [{name: a, redirect: {status: 302}, edge: {0: 0}, expect: {rule: a}}]",
		"tests: [{name: a, redirect: {status: 302, from: a}, attempts: [{uri: a, status: 404, 0: 0}], expect: {rule: a}}]",
		"tests: [{name: a, redirect: {status: 302}, remaining: [{uri: a, 0: 0}], expect: {rule: a}}]",
		"tests: [{name: a, redirect: {status: 302}, expect: {rule: a, 0: 0}}]",
		"tests: [{name: a, redirect: {status: 302}, expect: {targets: [{uri: a, 0: 0}]}}]",
	} {
		_, err := rehearse.Parse("f", []byte(probe))
		if err == nil {
			t.Fatalf("it is good: %s", probe)
		}
		_, known, ok := strings.Cut(err.Error(), "unknown key; known here: ")
		if !ok || strings.Contains(known, "\n") {
			t.Fatalf("the loader does not name its keys: %v", err)
		}
		for key := range strings.SplitSeq(known, ", ") {
			if !strings.Contains(p.text, key+":") && !strings.Contains(p.text, "`"+key+"`") && !strings.Contains(p.text, "or "+key) {
				t.Errorf("%s has no key %q", p.name, key)
			}
		}
	}
}
