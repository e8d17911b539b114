package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/version"
)

// runWith runs the program in this process.
func runWith(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestDecideGolden(t *testing.T) {
	for _, c := range []struct {
		golden, stdin string
		args          []string
	}{
		{"decide.txt", "", []string{"testdata/request.json"}},
		{"decide.txt", fixture(t, "request.json"), nil},
		{"decide.txt", fixture(t, "request.json"), []string{"-"}},
		{"decide.json", "", []string{"--json", "testdata/request.json"}},
	} {
		args := append([]string{"decide", "--config", "testdata/policy.yaml"}, c.args...)
		code, out, errs := runWith(t, c.stdin, args...)
		if code != exitGood || errs != "" {
			t.Errorf("%v: exit code %d, %s", args, code, errs)
		}
		want := strings.ReplaceAll(fixture(t, c.golden), "VERSION", version.String())
		if out != want {
			t.Errorf("%v: got\n%s\nwant\n%s", args, out, want)
		}
	}
}

func TestDecideTexts(t *testing.T) {
	request := fixture(t, "request.json")
	for _, c := range []struct {
		name, config string
		from, to     string // what is replaced in the request
		has          []string
	}{
		{"reject", "", `"status": 302, "reasonPhrase": "Moved Temporarily", "sourceAddress": "192.0.2.70:5060"},
    "contacts"`, `"status": 380}, "contacts"`, []string{"answer 410\n", "rule    profile default: 380 not followed\n", "  4  dropped  sip:"}},
		{"use proxy", "", `"status": 302`, `"status": 305`, []string{
			"  1. sip:+15550100@edge.example.com through <sip:+15550102@gw.example.com;transport=tcp;lr>\n",
		}},
		{"after ringing", "testdata/policy.yaml", `"trunk": "carrier"`, `"profile": "gateway"`, []string{"until one rings (180 or 183)\n"}},
		{"escape sequences", "", `sip:+15550101@192.0.2.101"`, `\u001b[31msip:a@h"`, []string{`"?[31msip:a@h" cannot be read`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(request, c.from) {
				t.Fatalf("the request has no %s", c.from)
			}
			args := []string{"decide"}
			if c.config != "" {
				args = append(args, "--config", c.config)
			}
			code, out, errs := runWith(t, strings.ReplaceAll(request, c.from, c.to), args...)
			if code != exitGood || strings.Contains(out, "\x1b") {
				t.Errorf("exit code %d, %s%q", code, errs, out)
			}
			for _, text := range c.has {
				if !strings.Contains(out, text) {
					t.Errorf("no %q in\n%s", text, out)
				}
			}
		})
	}
}

func TestCheck(t *testing.T) {
	code, out, errs := runWith(t, "", "check", "--config", "testdata/policy.yaml")
	if code != exitGood || errs != "" || !strings.HasPrefix(out, "testdata/policy.yaml: ok: 2 profiles, revision ") {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, []byte("profiles:\n- name: a\n  max_atempts: 3\n  map: {302: 200}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := path + `:3:3: profiles[0].max_atempts: unknown key; did you mean "max_attempts"?` + "\n" +
		path + ":4:14: profiles[0].map.302: 200 is out of range (400 to 699)\n"
	for _, args := range [][]string{{"check"}, {"decide"}, {"serve"}, {}} {
		code, out, errs = runWith(t, "", append(args, "--config", path)...)
		if code != exitUsage || out != "" || errs != want {
			t.Errorf("%v: exit code %d, %q, got\n%s\nwant\n%s", args, code, out, errs, want)
		}
	}
	if err := os.WriteFile(path, []byte("profiles: [{name: a}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, _ = runWith(t, "", "check", "--config", path); !strings.HasPrefix(out, path+": ok: 1 profile, revision ") {
		t.Errorf("got %q", out)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args  []string
		stdin string
		want  string
	}{
		{[]string{"bogus"}, "", "redirectd: unknown command \"bogus\"; there are: check, conformance, decide, replay, schema, serve, test, version\ntry: redirectd --help\n"},
		{[]string{"--bogus"}, "", "redirectd: unknown flag: --bogus\ntry: redirectd --help\n"},
		{[]string{"serve", "x"}, "", "redirectd serve: unexpected argument \"x\"\ntry: redirectd serve --help\n"},
		{[]string{"check"}, "", "redirectd check: --config is missing: which file?\ntry: redirectd check --help\n"},
		{[]string{"decide", "a", "b"}, "", "redirectd decide: one FILE is read, not 2: a b\ntry: redirectd decide --help\n"},
		{[]string{"--listen", "5060"}, "", "redirectd: --listen \"5060\" is neither HOST:PORT nor unix:///PATH: address 5060: missing port in address\ntry: redirectd --help\n"},
		{[]string{"--listen", "unix://x"}, "", "redirectd: --listen \"unix://x\" has no absolute path; want unix:///PATH\ntry: redirectd --help\n"},
		{[]string{"--listen", "127.0.0.1:"}, "", "redirectd: --listen \"127.0.0.1:\" is neither HOST:PORT nor unix:///PATH: port \"\" is no number from 0 to 65535\ntry: redirectd --help\n"},
		{[]string{"--listen", "127.0.0.1:grpc"}, "", "redirectd: --listen \"127.0.0.1:grpc\" is neither HOST:PORT nor unix:///PATH: port \"grpc\" is no number from 0 to 65535\ntry: redirectd --help\n"},
		{[]string{"--listen", ":65536"}, "", "redirectd: --listen \":65536\" is neither HOST:PORT nor unix:///PATH: port \"65536\" is no number from 0 to 65535\ntry: redirectd --help\n"},
		{[]string{"--admin", ":"}, "", "redirectd: --admin \":\" is no HOST:PORT: port \"\" is no number from 0 to 65535\ntry: redirectd --help\n"},
		{[]string{"--admin", "127.0.0.1:-1"}, "", "redirectd: --admin \"127.0.0.1:-1\" is no HOST:PORT: port \"-1\" is no number from 0 to 65535\ntry: redirectd --help\n"},
		{[]string{"--listen", "unix:///"}, "", "redirectd: --listen \"unix:///\" names no file; want unix:///PATH\ntry: redirectd --help\n"},
		{[]string{"--listen", "unix:///" + strings.Repeat("s", maxSocketPath)}, "", fmt.Sprintf("redirectd: --listen: the path of the socket has %d bytes, more than %d: /%s\ntry: redirectd --help\n",
			maxSocketPath+1, maxSocketPath, strings.Repeat("s", maxSocketPath))},
		{[]string{"--admin", "x"}, "", "redirectd: --admin \"x\" is no HOST:PORT: address x: missing port in address\ntry: redirectd --help\n"},
		{[]string{"--http", "8080"}, "", "redirectd: --http \"8080\" is no HOST:PORT: address 8080: missing port in address\ntry: redirectd --help\n"},
		{[]string{"--http", ":8080"}, "", "redirectd: --http \":8080\" has no host; want 127.0.0.1:8080, or [::]:8080 for whoever can reach this machine\ntry: redirectd --help\n"},
		{[]string{"--http-secrets", "file"}, "", "redirectd: --http-secrets is for --http, which is not given\ntry: redirectd --help\n"},
		{[]string{"--http", "127.0.0.1:0", "--http-secrets", "/nowhere"}, "", "redirectd: open /nowhere: no such file or directory\n"},
		{[]string{"--drain", "1h"}, "", "redirectd: --drain 1h0m0s is out of range (0s to 10m)\ntry: redirectd --help\n"},
		{[]string{"--max-connection-age", "1ms"}, "", "redirectd: --max-connection-age 1ms is out of range (1s to 24h)\ntry: redirectd --help\n"},
		{[]string{"--log-format", "xml"}, "", "redirectd: --log-format \"xml\" is not allowed; want text or json\ntry: redirectd --help\n"},
		{[]string{"--log-level", "loud"}, "", "redirectd: --log-level \"loud\" is not allowed; want debug, info, warn or error\ntry: redirectd --help\n"},
		{[]string{"--log-sample", "-1"}, "", "redirectd: --log-sample -1 is out of range (0 or more)\ntry: redirectd --help\n"},
		{[]string{"--config", "/nowhere"}, "", "redirectd: read the policy: open /nowhere: no such file or directory\n"},
		{[]string{"decide", "/nowhere"}, "", "redirectd decide: read the request: open /nowhere: no such file or directory\n"},
		{[]string{"decide"}, "{}", "redirectd decide: invalid request: call is missing\n"},
		{[]string{"decide"}, "{", "redirectd decide: standard input is no DecideRequest: unexpected EOF\n"},
		{[]string{"decide"}, "{\n  \"cal\": {}}", "redirectd decide: standard input is no DecideRequest: (line 2:3): unknown field \"cal\"\n"},
		{[]string{"decide"}, strings.Repeat(" ", maxInput+1), "redirectd decide: standard input has more than 1048576 bytes\n"},
	} {
		code, out, errs := runWith(t, c.stdin, c.args...)
		if code != exitUsage || out != "" || errs != c.want {
			t.Errorf("%v: exit code %d, %q, got\n%swant\n%s", c.args, code, out, errs, c.want)
		}
	}
}

func TestUnknownProfile(t *testing.T) {
	request := strings.ReplaceAll(fixture(t, "request.json"), `"trunk": "carrier"`, `"profile": "gold"`)
	code, _, errs := runWith(t, request, "decide", "--config", "testdata/policy.yaml")
	if code != exitUsage || errs != "redirectd decide: unknown profile \"gold\"; there are: default, gateway\n" {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

func TestHelpAndVersion(t *testing.T) {
	code, out, _ := runWith(t, "", "--help")
	for _, text := range []string{"--listen", "--admin", "--config", "--drain", "unix:///run/redirectd.sock", "redirectd check --config policy.yaml", "Exit codes"} {
		if code != exitGood || !strings.Contains(out, text) {
			t.Errorf("exit code %d, no %q in\n%s", code, text, out)
		}
	}
	code, out, _ = runWith(t, "", "version")
	if code != exitGood || !strings.HasPrefix(out, "redirectd "+version.String()+", contract redirect.v1 1.0, go") {
		t.Errorf("exit code %d, %q", code, out)
	}
}

// TestEndedBeforeItBegan: a signal during the start is an ordinary end.
func TestEndedBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out, errs bytes.Buffer
	path := filepath.Join(t.TempDir(), "s")
	cancelOnLog := writerFunc(func(p []byte) (int, error) {
		cancel()
		return errs.Write(p)
	})
	code := run(ctx, []string{"--listen", "unix://" + path, "--admin", "127.0.0.1:0", "--log-format", "json"}, strings.NewReader(""), &out, cancelOnLog)
	if code != exitGood || !strings.Contains(errs.String(), `"msg":"listening","addr":"unix://`+path+`"`) {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestCheckWarns of a rule that nothing can reach, and takes the file for good.
func TestCheckWarns(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	const policy = "profiles:\n- name: default\n  rules:\n  - {name: all, then: keep}\n  - {name: none, when: contact.uri.port == 1, then: skip}\n"
	if err := os.WriteFile(file, []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	code := run(t.Context(), []string{"check", "--config", file}, strings.NewReader(""), &out, &errs)
	want := file + `:5:6: warning: profiles[0].rules[1].name: the rule cannot be reached: rule "all" before it says of every contact what becomes of it` + "\n"
	if code != 0 || errs.String() != want || !strings.Contains(out.String(), ": ok: 1 profile") {
		t.Errorf("exit code %d, %s%s\nwant %s", code, out.String(), errs.String(), want)
	}
}
