package docs_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
)

// checks are what runs a block, by its language and name. A block that is not
// here fails the test: nobody adds one that is not run.
var checks = map[string]func(*testing.T, *page, block){
	"yaml edge.yaml":     checkEdge,
	"yaml policy.yaml":   checkProfiles,
	"yaml modeline":      checkModeline,
	"json question.json": checkQuestion,
	"json settings.json": checkSettings,
	"json record.json":   checkRecord,

	"yaml new-policy.yaml":   checkNewPolicy,
	"yaml shadow.yaml":       checkEdgeAlone,
	"yaml canary.yaml":       checkEdgeAlone,
	"json disagreement.json": checkDisagreement,

	"yaml record.yaml":   checkRecording,
	"json entry.json":    checkReplayPart,
	"yaml new.yaml":      checkReplayPart,
	"text replay output": checkReplayPart,
	"text decide output": checkDecideOutput,
	"text demo output":   checkDemoOutput,
	"text usage":         checkUsage,
	"text readyz":        checkReadyz,
	"go policy.go":       checkPolicy,
	"sh decide":          checkCommands,

	"console session":   checkSession,
	"text question.txt": checkAsked,
	"opensips untested": checkUntested,
	"lua untested":      checkUntested,
	"asterisk untested": checkUntested,

	"sip call.sip":                checkCall,
	"text call.sip output":        checkOutput,
	"yaml policy_test.yaml":       checkPolicyTest,
	"yaml rule.yaml":              checkRule,
	"yaml example.yaml":           checkTested,
	"yaml example_test.yaml":      checkPolicyTest,
	"yaml settings.yaml":          checkTested,
	"yaml settings_test.yaml":     checkPolicyTest,
	"yaml guards.yaml":            checkTested,
	"yaml guards_test.yaml":       checkPolicyTest,
	"yaml rules.yaml":             checkTested,
	"yaml rules_test.yaml":        checkPolicyTest,
	"yaml headers.yaml":           checkTested,
	"yaml headers_test.yaml":      checkPolicyTest,
	"text check output":           checkMistakes,
	"yaml order_test.yaml":        checkFailedTest,
	"text order_test.yaml output": checkOutput,
	"text conformance failure":    checkConformanceFailure,
	"text known.txt":              checkKnown,
	"":                            checkDiagram,

	"sh install":              checkInstall,
	"python policy.py":        checkPythonPolicy,
	"text log":                checkPartOfCall,
	"sh conformance":          checkPartOfCall,
	"text conformance output": checkPartOfCall,
	"xml redirect.xml":        checkPartOfCall,
	"xml call.xml":            checkPartOfCall,
	"sh stubs":                checkPartOfCall,
	"sh policy":               checkPartOfCall,
	"sh gateway":              checkPartOfCall,
	"sh server":               checkPartOfCall,
	"sh edge":                 checkPartOfCall,
	"sh call":                 checkPartOfCall,
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, p := range pages(t) {
		for _, b := range p.blocks {
			kind := strings.TrimSpace(b.lang + " " + b.name)
			seen[kind] = true
			t.Run(fmt.Sprintf("%s:%d %s", filepath.Base(p.name), b.line, kind), func(t *testing.T) {
				t.Parallel()
				check, ok := checks[kind]
				if !ok {
					t.Fatalf("%s:%d: nothing tests a block %q: name it after the file it is, or add its check", p.name, b.line, kind)
				}
				check(t, &p, b)
			})
		}
	}
	for kind := range checks {
		if !seen[kind] {
			t.Errorf("no page has a block %q any more", kind)
		}
	}
}

func checkEdge(t *testing.T, p *page, b block) {
	t.Helper()
	c, err := edge.ParseConfig(b.name, []byte(b.text))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	// The profiles that it names are those of the policy.yaml on the same page.
	args := []string{"check", "--config", "edge.yaml", "--policy", "embedded", "--policy-config", "policy.yaml"}
	dir := p.save(t)
	saveCertificate(t, dir)
	if code, out, errs := program(t, dir, "sipedge", args...); code != 0 || !strings.HasPrefix(out, "edge.yaml: ok: ") {
		t.Errorf("sipedge %q: exit code %d\n%s%s", args, code, out, errs)
	}
	if c.ShownHeaders != nil && !slices.Equal(c.ShownHeaders, edge.DefaultShownHeaders) {
		t.Errorf("shown_headers are not the default: %q", c.ShownHeaders)
	}
	if c.AllowedHeaders != nil && !slices.Equal(c.AllowedHeaders, edge.DefaultAllowedHeaders) {
		t.Errorf("allowed_headers are not the default: %q", c.AllowedHeaders)
	}
}

func checkProfiles(t *testing.T, p *page, b block) {
	t.Helper()
	c, err := policy.ParseConfig(b.name, []byte(b.text))
	if err != nil {
		t.Fatal(err)
	}
	// What it spells out for "default" is what holds without a file.
	c.Profiles[0].At = policy.Position{}
	want, got := fmt.Sprintf("%+v", policy.DefaultConfig().Profiles[0]), fmt.Sprintf("%+v", c.Profiles[0])
	if got != want {
		t.Errorf("its first profile is\n%s\nthe default\n%s", got, want)
	}
	if code, out, errs := program(t, p.save(t), "redirectd", "check", "--config", "policy.yaml"); code != 0 || !strings.HasPrefix(out, "policy.yaml: ok: ") {
		t.Errorf("redirectd check: exit code %d\n%s%s", code, out, errs)
	}
}

func checkQuestion(t *testing.T, _ *page, b block) {
	t.Helper()
	var question redirectv1.DecideRequest
	if err := protojson.Unmarshal([]byte(b.text), &question); err != nil {
		t.Fatal(err)
	}
	answer, err := policy.NewBuiltin(nil).Decide(t.Context(), &question)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer.GetTryTargets().GetTargets()) != 1 || len(answer.GetExplanation().GetContacts()) != 2 {
		t.Errorf("the text says that one contact of two can be tried; the policy says %v", answer)
	}
}

var versionOf = regexp.MustCompile(`(?m)^policy  redirectd \S+, `)

func checkDecideOutput(t *testing.T, p *page, b block) {
	t.Helper()
	code, out, errs := program(t, p.save(t), "redirectd", "decide", "question.json")
	if code != 0 || errs != "" {
		t.Fatalf("exit code %d, %s", code, errs)
	}
	if got, want := mask(out), mask(b.text); got != want {
		t.Errorf("redirectd decide prints\n%s\nthe page says\n%s", got, want)
	}
}

func mask(s string) string {
	return strings.TrimSpace(versionOf.ReplaceAllString(s, "policy  redirectd VERSION, ")) + "\n"
}

// checkDemoOutput: the demo ends as the page says, to the letter: its summary
// has no ports and no times.
func checkDemoOutput(t *testing.T, _ *page, b block) {
	t.Helper()
	code, out, errs := program(t, "", "sipedge", "demo")
	if code != 0 {
		t.Fatalf("exit code %d, %s", code, errs)
	}
	if strings.Count(b.text, "\n") < 5 || !strings.HasSuffix(out, "\n"+b.text) {
		t.Errorf("the demo ends with\n%s\nthe page says\n%s", out[max(0, len(out)-len(b.text)):], b.text)
	}
}

// checkDiagram: a block without a language is a drawing, and nothing that
// somebody would copy.
func checkDiagram(t *testing.T, _ *page, b block) {
	t.Helper()
	if !strings.Contains(b.text, "-->") && !strings.Contains(b.text, "->|") {
		t.Errorf("this is no drawing: give the block a language and a name\n%s", b.text)
	}
}
