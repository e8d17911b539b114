package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/version"
)

const at = "2026-11-28T12:00:00Z"

func TestDecideSIPGolden(t *testing.T) {
	call, answer := fixture(t, "call.sip"), fixture(t, "302.sip")
	for _, c := range []struct {
		golden, stdin string
		args          []string
	}{
		{"decide_sip.txt", "", []string{"testdata/call.sip"}},
		{"decide_sip.txt", call, nil},
		{"decide_sip.txt", strings.ReplaceAll(call, "\n", "\r\n"), []string{"-"}},
		{"decide_sip.txt", "", []string{"--invite", "testdata/invite.sip", "--response", "testdata/302.sip"}},
		{"decide_sip.txt", answer, []string{"--invite", "testdata/invite.sip", "--response", "-"}},
		{"decide_302.txt", "", []string{"testdata/302.sip"}},
		{"decide_302.txt", "", []string{"--response", "testdata/302.sip"}},
	} {
		args := append([]string{"decide", "--config", "testdata/policy.yaml", "--asked-at", at}, c.args...)
		code, out, errs := runWith(t, c.stdin, args...)
		if code != exitGood || errs != "" {
			t.Errorf("%v: exit code %d, %s", args, code, errs)
		}
		if want := strings.ReplaceAll(fixture(t, c.golden), "VERSION", version.String()); out != want {
			t.Errorf("%v: got\n%s\nwant\n%s", args, out, want)
		}
	}
}

// TestDecideFlags: what flags say is in the question, whatever form it has.
func TestDecideFlags(t *testing.T) {
	for _, file := range []string{"call.sip", "request.json"} {
		o := &decideOptions{call: callOptions{
			profile: "gateway", trunk: "carrier-a", source: "[2001:db8::1]:5060", askedAt: at, attributes: map[string]string{"tier": "gold"},
		}}
		if err := o.call.validate(); err != nil {
			t.Fatal(err)
		}
		q, err := o.input.read([]string{filepath.Join("testdata", file)}, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.call.apply(q.req)
		c := q.req.GetCall()
		if c.GetProfile() != "gateway" || c.GetTrunk() != "carrier-a" || c.GetSourceAddress() != "[2001:db8::1]:5060" ||
			c.GetAttributes()["tier"] != "gold" || q.req.GetAskedAt().AsTime().Format("15:04") != "12:00" ||
			c.GetReceivedAt().AsTime() != q.req.GetAskedAt().AsTime() {
			t.Errorf("%s: got %v", file, q.req)
		}
	}
	// Without them the Via says where the call came from.
	q, err := (&decideInput{}).read([]string{"testdata/call.sip"}, nil)
	if err != nil || q.req.GetCall().GetSourceAddress() != "192.0.2.1:5060" || q.req.GetCall().GetHeaders()[0].GetName() != "Diversion" {
		t.Errorf("got %v, %v", q, err)
	}
}

func TestDecideProfileAndAdvice(t *testing.T) {
	code, out, errs := runWith(t, "", "decide", "--config", "testdata/policy.yaml", "--profile", "gateway", "testdata/call.sip")
	if code != exitGood || !strings.Contains(out, "until one rings") || !strings.Contains(out, "rule    profile gateway: ") {
		t.Errorf("exit code %d, %s%s", code, errs, out)
	}
	missing := strings.Replace(fixture(t, "call.sip"), "302 Moved Temporarily", "404 Not Found", 1)
	code, out, errs = runWith(t, missing, "decide", "--advice")
	if code != exitGood || !strings.HasPrefix(out, "try, one after the other:\n  1. sip:+15550100@edge.example.com at onward\n") {
		t.Errorf("exit code %d, %s%s", code, errs, out)
	}
}

func TestDecideMisspeltContact(t *testing.T) {
	text := strings.ReplaceAll(fixture(t, "302.sip"), "Contact:", "Contcat:")
	code, out, errs := runWith(t, text, "decide")
	if code != exitGood || !strings.Contains(out, "\nthe response has no Contact; is \"Contcat\" meant to be it?\n") {
		t.Errorf("exit code %d, %s%s", code, errs, out)
	}
}

// TestDecideSIPAsJSON: what was assumed goes to stderr, and the answer alone to
// stdout.
func TestDecideSIPAsJSON(t *testing.T) {
	code, out, errs := runWith(t, "", "decide", "--json", "testdata/302.sip")
	var resp redirectv1.DecideResponse
	if err := protojson.Unmarshal([]byte(out), &resp); err != nil || code != exitGood || len(resp.GetTryTargets().GetTargets()) != 2 {
		t.Errorf("exit code %d, %v, %s", code, err, out)
	}
	want := regexp.MustCompile(`^redirectd decide: no request was given: INVITE sip:\+15550100@edge.example.com is made up of To, From, Call-ID and CSeq of the response\n` +
		`redirectd decide: asked at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\n$`)
	if !want.MatchString(errs) {
		t.Errorf("got %s", errs)
	}
}

func TestDecideSIPErrors(t *testing.T) {
	call, answer := fixture(t, "call.sip"), fixture(t, "302.sip")
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args  []string
		stdin string
		want  string
	}{
		{nil, "", "standard input is empty; want a DecideRequest as JSON, or an INVITE and the 3xx that answered it"},
		{nil, "hello", `standard input:1: "hello" begins no SIP message; want "INVITE sip:user@host SIP/2.0" or "SIP/2.0 302 Moved Temporarily", or a DecideRequest as JSON`},
		{nil, "\n" + strings.Split(call, "SIP/2.0 302")[0], "standard input:2: there is no response to the request; want a 3xx after it"},
		{nil, answer + "\n\n" + answer, "standard input:12: a second response begins here; want a request and its response"},
		{nil, call + "\n" + answer, "standard input:27: a third message begins here; want a request and its response"},
		{nil, strings.Split(call, "SIP/2.0 302")[0] + call, "standard input:33: a third message begins here; want a request and its response"},
		{nil, strings.Replace(call, "Content-Length: 43", "Content-Length: 400", 1), "standard input:10: Content-Length is 400, but the body up to the message in line 17 has 43 bytes"},
		{nil, strings.Replace(call, "Contact: <tel", "Contact <tel", 1), `standard input:24: header field "Contact <tel:+18003569377;rn=+18003560000;npdi>, <sip:+15550102@..." does not begin with a name and a colon`},
		{nil, strings.Replace(call, "CSeq: 1 INVITE\nDiv", "Div", 1), "standard input:1: message has no CSeq"},
		{nil, strings.Replace(call, "302 Moved", "404 Moved", 1), "standard input:17: 404 is no redirect but an advice; want 300 to 399, or --advice if a redirect server that is nothing else said it"},
		{nil, strings.Replace(call, "302 Moved", "200 Moved", 1), "standard input:17: 200 is no redirect; want 300 to 399"},
		{[]string{"--invite", "testdata/302.sip", "--response", "testdata/302.sip"}, "", "testdata/302.sip:1: this is a response, 302 Moved Temporarily; want the request that it answers"},
		{[]string{"--invite", empty, "--response", "testdata/302.sip"}, "", empty + " is empty; want a request"},
		{[]string{"--response", empty}, "", empty + ":1: there is no message; want one that begins with its start line"},
		{[]string{"--response", "/nowhere"}, "", "read the request: open /nowhere: no such file or directory"},
	} {
		code, out, errs := runWith(t, c.stdin, append([]string{"decide"}, c.args...)...)
		if code != exitUsage || out != "" || errs != "redirectd decide: "+c.want+"\n" {
			t.Errorf("%v: exit code %d, %q, got\n%swant\n%s", c.args, code, out, errs, c.want)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--invite", "a"}, "--invite is given without --response: which 3xx answered it?"},
		{[]string{"--invite", "-", "--response", "-"}, "--invite and --response can't both be standard input; give it as FILE"},
		{[]string{"--response", "a", "b"}, "FILE b is given beside --invite and --response"},
		{[]string{"--source", "192.0.2.1"}, `--source "192.0.2.1" is no ADDRESS:PORT, such as 192.0.2.1:5060 or [2001:db8::1]:5060`},
		{[]string{"--asked-at", "noon"}, `--asked-at "noon" is no time as in RFC 3339; want one such as 2026-11-28T12:00:00Z`},
		{[]string{"--attribute", "x"}, `invalid argument "x" for "--attribute" flag: x must be formatted as key=value`},
	} {
		code, out, errs := runWith(t, "", append([]string{"decide"}, c.args...)...)
		if code != exitUsage || out != "" || errs != "redirectd decide: "+c.want+"\ntry: redirectd decide --help\n" {
			t.Errorf("%v: exit code %d, %q, got\n%swant\n%s", c.args, code, out, errs, c.want)
		}
	}
}
