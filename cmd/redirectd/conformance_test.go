package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// serveFunc serves a policy until the test ends.
func serveFunc(t *testing.T, p policy.Policy) (target string) {
	t.Helper()
	server, err := policyrpc.NewServer(p, policy.NewBuiltin(nil).Info, policyrpc.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_ = server.Drain(ctx) // nobody waits for its last calls
	})
	return l.Addr().String()
}

// shouting has a reason with a line break for each decision.
func shouting(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	resp, err := policy.NewBuiltin(nil).Decide(ctx, req)
	if err == nil {
		resp.Explanation.Text += "\n"
	}
	return resp, err
}

// TestConformance: the reports, the list of known failures and the exit codes.
func TestConformance(t *testing.T) {
	t.Parallel()
	good, bad := serveFunc(t, policy.NewBuiltin(nil)), serveFunc(t, policy.Func(shouting))
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known, slip, junit := file("known.txt", "contract/control-characters # issue 7\n"), file("slip.txt", "contract/status\nbogus\n"), filepath.Join(dir, "report.xml")
	const clean = "contract/control-characters"
	for _, c := range []struct {
		args []string
		code int
		out  []string // texts that are printed
		errs string
	}{
		{[]string{good, good}, exitGood, []string{"ok    wire/cancelled\n", "ok    stateless/replicas\n", "skip  contract/decides-failure: ", " 50 passed, 1 skipped\n"}, ""},
		{
			[]string{"--only", clean, "--junit", junit, bad},
			exitFailed,
			[]string{"FAIL  " + clean + ": No text", "\n      asked     a 300: INVITE", "\n      came      explanation.text has \"\\n\"", " more like that\n      contract  CR, LF", "\n      change    Take", " 1 failed\n"},
			"redirectd conformance: the policy does not keep the contract\n",
		},
		{[]string{"--only", clean, "--known-failures", known, bad}, exitGood, []string{"known " + clean + "\n", ": 0 passed, 1 known to fail\n"}, ""},
		{
			[]string{"--only", clean, "--known-failures", known, "--replica", good, good},
			exitFailed,
			[]string{"FAIL  " + clean + ": it passed; take it off"},
			"redirectd conformance: the policy does not keep the contract\n",
		},
		{[]string{"--only", "errors", "--profile", "default", "--json", good}, exitGood, []string{`"conforms": true`, `"name": "errors/nonsense"`}, ""},
		{[]string{"--list"}, exitGood, []string{"contract/one-action             An answer has an action.\n", "explanation has a rule and a text. (recommended)\n"}, ""},
		{nil, exitUsage, nil, "redirectd conformance: TARGET is missing: where is the policy?\ntry: redirectd conformance --help\n"},
		{[]string{"--timeout", "1ms", good}, exitUsage, nil, "redirectd conformance: --timeout 1ms is out of range (10ms to 1m)\ntry: redirectd conformance --help\n"},
		{[]string{"--only", "(", good}, exitUsage, nil, "redirectd conformance: --only: error parsing regexp: missing closing ): `(`\ntry: redirectd conformance --help\n"},
		{[]string{"--only", "nothing", good}, exitUsage, nil, "redirectd conformance: --only nothing matches none of 51 cases\n"},
		{[]string{"http://h"}, exitUsage, nil, "redirectd conformance: policy target \"http://h\": the scheme http is not known; dns:///name:port, unix:///path or host:port are\ntry: redirectd conformance --help\n"},
		{[]string{"--known-failures", slip, good}, exitUsage, nil, "redirectd conformance: " + slip + ":2: there is no case \"bogus\"; --list names all of them\n"},
		{[]string{"--known-failures", "/nowhere", good}, exitUsage, nil, "redirectd conformance: read the known failures: open /nowhere: no such file or directory\n"},
		{[]string{"--known-failures", file("long.txt", strings.Repeat("#", maxKnown+1)), good}, exitUsage, nil, "redirectd conformance: " + filepath.Join(dir, "long.txt") + " has more than 65536 bytes\n"},
		{
			[]string{"--only", "errors", "--junit", "/nowhere/report.xml", good},
			exitFailed,
			[]string{"ok    errors/nonsense\n"},
			"redirectd conformance: write the JUnit report: open /nowhere/report.xml: no such file or directory\n",
		},
	} {
		var out, errs bytes.Buffer
		args := []string{"conformance"}
		if len(c.args) > 0 {
			args = append(args, "--timeout", "1m") // a row may say otherwise
		}
		code := run(t.Context(), append(args, c.args...), strings.NewReader(""), &out, &errs)
		if code != c.code || errs.String() != c.errs || c.out == nil && out.Len() > 0 {
			t.Errorf("%q: exit code %d, want %d; said\n%swant\n%s%s", c.args, code, c.code, errs.String(), c.errs, out.String())
		}
		for _, text := range c.out {
			if !strings.Contains(out.String(), text) {
				t.Errorf("%q: no %q in\n%s", c.args, text, out.String())
			}
		}
	}
	data, err := os.ReadFile(junit)
	if err != nil || !strings.Contains(string(data), `<testcase classname="conformance.contract" name="contract/control-characters"`) {
		t.Errorf("the JUnit report is %s, %v", data, err)
	}
}

// TestConformanceOfNobody: a policy that is not there is neither good nor bad.
func TestConformanceOfNobody(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	socket := filepath.Join(t.TempDir(), "s")
	code := run(t.Context(), []string{"conformance", "--json", "unix://" + socket}, strings.NewReader(""), &out, &errs)
	if code != exitUsage || out.Len() > 0 || !strings.HasPrefix(errs.String(), "redirectd conformance: the policy cannot be reached within 5s: unix://"+socket+": ") || !strings.Contains(errs.String(), "no such file") {
		t.Errorf("exit code %d, %s%s", code, errs.String(), out.String())
	}
}

// TestConformanceJSON: the report is one object, with each case.
func TestConformanceJSON(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"conformance", "--timeout", "1m", "--json", "--only", "^sanity/", serveFunc(t, policy.NewBuiltin(nil))}, strings.NewReader(""), &out, &errs)
	var report struct {
		Policy   struct{ Name string }
		Conforms bool
		Results  []struct{ Name, Status string }
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || code != exitGood || !report.Conforms || report.Policy.Name != "redirectd" || len(report.Results) != 4 || report.Results[0].Status != "passed" {
		t.Errorf("exit code %d, %v, %s%s", code, err, errs.String(), out.String())
	}
}
