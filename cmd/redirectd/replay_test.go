package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/policytest"
	"github.com/redirectd/redirectd/internal/policy/record"
)

// recordedBy has redirectd record some questions, and returns the file and the
// process, which still runs.
func recordedBy(t *testing.T, args ...string) (path string, p *process) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "recording.jsonl")
	p = start(t, append([]string{"--record", path}, args...)...)
	ask := func(q *redirectv1.DecideRequest, good bool) {
		t.Helper()
		if _, err := p.decide(t, q); (err == nil) != good {
			t.Fatal(err)
		}
	}
	ask(policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:+49301234567@192.0.2.1")), true)
	ask(policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:+49301234568@192.0.2.1")), true)
	ask(&redirectv1.DecideRequest{RequestId: "invalid"}, false)
	eventually(t, "the recording", func() bool {
		data, _ := os.ReadFile(path)
		return strings.Count(string(data), "\n") == 3
	})
	return path, p
}

const disabled = "profiles: [{name: default, redirect: disabled}]\n"

func TestReplay(t *testing.T) {
	path, p := recordedBy(t)
	policyPath := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policyPath, []byte(disabled), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		out  []string
		errs string
	}{
		{"same", []string{path}, exitGood, []string{"3 questions of 1 recording", "       3  100.0 %  same\n"}, ""},
		{"at a target", []string{"--target", p.addr, "--fail-on-difference", path}, exitGood, []string{"  now   " + p.addr + ", redirectd ", "  100.0 %  same\n"}, ""},
		{"other", []string{"--config", policyPath, path}, exitGood, []string{
			"  now   " + policyPath + ", redirectd ", "       2   66.7 %  other action\n", "rule profile default: follow 302, q order -> profile default: redirect disabled, redirect disabled\n",
			"              then  try sip:+49301234567@192.0.2.1\n              now   reject 480\n",
		}, ""},
		{"fails", []string{"--config", policyPath, "--fail-on-difference", path}, exitFailed, []string{"other action"}, "redirectd replay: 2 of 3 answers differ\n"},
		{"only", []string{"--config", policyPath, "--only", "other_code", path}, exitGood, []string{"       2   66.7 %  other action\n"}, ""},
		{"no file", []string{"none.jsonl"}, exitUsage, nil, "redirectd replay: read the recording: open none.jsonl: no such file or directory\n"},
		{"no recording", []string{policyPath}, exitUsage, []string{"0 questions"}, policyPath + ":1: invalid character 'p' looking for beginning of value: skipped\nredirectd replay: no question is recorded in " + policyPath + "\n"},
		{"nobody there", []string{"--target", "127.0.0.1:1", path}, exitFailed, nil, "redirectd replay: ask policy 127.0.0.1:1 who it is: rpc error: code = Unavailable"},
		{"no target", []string{"--target", "x", path}, exitUsage, nil, `redirectd replay: policy target "x"`},
		{"two policies", []string{"--target", p.addr, "--config", policyPath, path}, exitUsage, nil, "redirectd replay: --config and --target: one policy is asked; leave one of them out\ntry: "},
		{"no kind", []string{"--only", "x", path}, exitUsage, nil, `redirectd replay: --only "x" is no kind of difference; there are: no_decision, `},
		{"limit", []string{"--limit", "-1", path}, exitUsage, nil, "redirectd replay: --limit -1 is out of range (0 to 10000)\n"},
		{"parallel", []string{"--parallel", "1025", path}, exitUsage, nil, "redirectd replay: --parallel 1025 is out of range (1 to 1024)\n"},
		{"timeout", []string{"--timeout", "1ms", path}, exitUsage, nil, "redirectd replay: --timeout 1ms is out of range (10ms to 1m)\n"},
		{"nothing", nil, exitUsage, nil, "redirectd replay: RECORDING is missing: which file?\n"},
	} {
		code, out, errs := runWith(t, "", append([]string{"replay"}, c.args...)...)
		if code != c.code || !strings.HasPrefix(errs, c.errs) || c.errs == "" && errs != "" {
			t.Errorf("%s: exit code %d, %s", c.name, code, errs)
		}
		for _, part := range c.out {
			if !strings.Contains(out, part) {
				t.Errorf("%s: %q is not in\n%s", c.name, part, out)
			}
		}
	}
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
}

// TestReplayInput: a recording from standard input, and differences as JSON.
func TestReplayInput(t *testing.T) {
	path, _ := recordedBy(t, "--record-redact", "users", "--record-share", "100%")
	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), "4930123456") {
		t.Fatalf("%v, %s", err, data)
	}
	policyPath := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policyPath, []byte(disabled), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := runWith(t, string(data)+`{"schema"`, "replay", "--config", policyPath, "--json", "-")
	if code != exitGood || strings.Count(out, "\n") != 2 || !strings.Contains(errs, "standard input:4: the line has no end") || !strings.Contains(errs, "other action") {
		t.Errorf("exit code %d\n%s\n%s", code, out, errs)
	}
	for line := range strings.Lines(out) {
		var d map[string]any
		if err := json.Unmarshal([]byte(line), &d); err != nil || d["kind"] != "other_action" {
			t.Errorf("%v: %s", err, line)
		}
	}
}

// TestRecordReopened: logrotate renames the file and sends SIGHUP.
func TestRecordReopened(t *testing.T) {
	path, p := recordedBy(t)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	p.hangUp(t)
	eventually(t, "the new file", func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
	q := policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:after@192.0.2.1"))
	if _, err := p.decide(t, q); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := record.Decode(data)
	if err != nil || e.Question.GetRedirect().GetContacts()[0].GetUri().GetText() != "sip:after@192.0.2.1" {
		t.Errorf("%v: %s", err, data)
	}
}

func TestRecordFlags(t *testing.T) {
	for flag, want := range map[string]string{
		"--record=/nowhere/x":        "--record: there is no directory /nowhere\n",
		"--record-max-size=1":        `--record-max-size "1" is no size with its unit; want 1MiB to 10GiB, as in 100MiB` + "\n",
		"--record-max-backups=0":     "--record-max-backups 0 is out of range (1 to 1000)\n",
		"--record-compress=bzip2":    `--record-compress "bzip2" is not allowed; want none, gzip or zstd` + "\n",
		"--record-share=5":           `--record-share "5" is no share; want a percentage, as in 5% or 0.5%` + "\n",
		"--record-redact=everything": `--record-redact "everything" is not allowed; want none or users` + "\n",
	} {
		if code, _, errs := runWith(t, "", flag); code != exitUsage || !strings.HasPrefix(errs, "redirectd: "+want) {
			t.Errorf("%s: exit code %d, %s", flag, code, errs)
		}
	}
}
