package rehearse_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/rehearse"
)

// one is a file with a single test of these lines, indented.
func one(lines ...string) string {
	return "tests:\n- name: a\n  " + strings.Join(lines, "\n  ") + "\n"
}

const (
	moved  = `redirect: {status: 302, contacts: ["<sip:a@h>"]}`
	expect = `expect: {rule: follow}`
)

// TestParseErrors: every mistake is named with its place, the key, and what would be
// right.
func TestParseErrors(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "invite.sip")
	if err := os.WriteFile(broken, []byte("INVITE sip:b@h SIP/2.0\nVia: SIP/2.0/UDP h\nFrom: <sip:a@h>;tag=1\nTo: <sip:b@h>\nCSeq: 1 INVITE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "f")
	for name, c := range map[string]struct {
		file string
		want []string
	}{
		"empty":     {"", []string{"1:1: tests: the key is missing"}},
		"no test":   {"tests: []", []string{"1:1: tests: the list is empty; want at least one test"}},
		"no name":   {"tests:\n- " + moved + "\n  " + expect, []string{"2:3: tests[0].name: the key is missing"}},
		"same name": {one(moved, expect) + "- name: a\n  " + moved + "\n  " + expect, []string{`5:3: tests[1].name: "a" is the name of the test in line 2 too`}},
		"several": {one(`redirekt: {}`, `at: noon`, `expect: {targets: []}`), []string{
			`2:3: tests[0].name: there is no event; want redirect, advice or failure`,
			`3:3: tests[0].redirekt: unknown key; did you mean "redirect"?`,
			`4:3: tests[0].at: "noon" is no time as in RFC 3339; want one such as 2026-11-28T12:00:00Z`,
			"5:12: tests[0].expect.targets: no target is expected; want at least one, or reject or pass_through",
		}},
		"nothing expected":  {one(moved), []string{"2:3: tests[0].expect: the key is missing"}},
		"expect nothing":    {one(moved, "expect: {}"), []string{"4:3: tests[0].expect: nothing is expected; want at least one of targets, reject, pass_through, rule, why, contacts, headers, exhausted, advance, after_ringing, consult_on_failure"}},
		"two events":        {one(moved, `advice: {status: 404}`, expect), []string{"4:3: tests[0].advice: there is redirect too; a test is about one event"}},
		"two actions":       {one(moved, `expect: {targets: [sip:a@h], reject: 403}`), []string{"4:32: tests[0].expect.reject: there is targets too; a decision is one of the two"}},
		"no status":         {one(`redirect: {contacts: []}`, expect), []string{"3:3: tests[0].redirect: status is missing; want 300 to 399, or a response as text"}},
		"status":            {one(`redirect: {status: 404}`, expect), []string{"3:22: tests[0].redirect.status: 404 is out of range (300 to 399)"}},
		"advice":            {one(`advice: {status: 302}`, expect), []string{"3:20: tests[0].advice.status: 302 is out of range (400 to 699)"}},
		"advice from":       {one(`advice: {status: 404, from: sip:a@h}`, expect), []string{"3:25: tests[0].advice.from: unknown key; known here: "}},
		"failure":           {one(`failure: {from: sip:a@h}`, expect), []string{"3:3: tests[0].failure: how did it fail? want status or outcome"}},
		"outcome":           {one(`failure: {outcome: timeout}`, expect), []string{`3:22: tests[0].failure.outcome: "timeout" is not allowed; want one of response_timeout, answer_timeout, transport_error, unresolvable, refused`}},
		"two ends":          {one(`failure: {status: 486, outcome: refused}`, expect), []string{"3:26: tests[0].failure.outcome: there is a status too; an attempt ends in one way"}},
		"header":            {one(`redirect: {status: 302, headers: [Identity]}`, expect), []string{`3:37: tests[0].redirect.headers[0]: "Identity" is no header field; want one such as "Privacy: id"`}},
		"contact":           {one(`redirect: {status: 302, contacts: ["<sip:a@h>\r\nX: y"]}`, expect), []string{"3:38: tests[0].redirect.contacts[0]: there is a line break in it; want one line"}},
		"source":            {one(`call: {source: 192.0.2.1}`, moved, expect), []string{`3:10: tests[0].call.source: "192.0.2.1" is no address and port, such as 192.0.2.1:5060 or [2001:db8::1]:5060`}},
		"source of 3xx":     {one(`redirect: {status: 302, source: h}`, expect), []string{`3:27: tests[0].redirect.source: "h" is no address and port, such as 192.0.2.10:5060 or [2001:db8::10]:5060`}},
		"uri":               {one(`call: {uri: "sip:a b@h"}`, moved, expect), []string{`3:10: tests[0].call.uri: Request-URI "sip:a b@h" is empty or has a space, < or > in it`}},
		"from":              {one(`call: {from: "<sip:a@h>;tag=\""}`, moved, expect), []string{`3:10: tests[0].call.from: `}},
		"call_id":           {one(`call: {call_id: "a\nb"}`, moved, expect), []string{"3:10: tests[0].call.call_id: there is a line break in it; want one line"}},
		"method":            {one(`call: {method: ACK}`, moved, expect), []string{"3:10: tests[0].call.method: ACK is never redirected; want INVITE or another request"}},
		"call header":       {one(`call: {headers: [x]}`, moved, expect), []string{`3:20: tests[0].call.headers[0]: header field "x" does not begin with a name and a colon`}},
		"two calls":         {one(`call: {invite: x, uri: sip:a@h}`, moved, expect), []string{"3:10: tests[0].call.invite: line 1 of it: ", "3:21: tests[0].call.uri: the invite says it; want one of the two"}},
		"invite":            {one("call:", "  invite: |", "    INVITE sip:b@h SIP/2.0", "    Via: SIP/2.0/UDP h", "    Call ID: 1", moved, expect), []string{`4:5: tests[0].call.invite: line 3 of it: header field "Call ID: 1" does not begin with a name and a colon`}},
		"invite is a 3xx":   {one("call: {invite: \"SIP/2.0 302 Moved\\nVia: SIP/2.0/UDP h\\nFrom: <sip:a@h>;tag=1\\nTo: <sip:b@h>\\nCall-ID: 1\\nCSeq: 1 INVITE\\n\"}", moved, expect), []string{"3:10: tests[0].call.invite: line 1 of it: this is a response, 302 Moved; want the request that it answers"}},
		"invite_file":       {one(`call: {invite_file: invite.sip}`, moved, expect), []string{"3:10: tests[0].call.invite_file: " + broken + ": line 1 of it: message has no Call-ID"}},
		"no invite_file":    {one(`call: {invite_file: no%d.sip}`, moved, expect), []string{"3:10: tests[0].call.invite_file: open " + filepath.Join(dir, "no%d.sip") + ": no such file or directory"}},
		"two texts":         {one(`call: {invite: x, invite_file: y}`, moved, expect), []string{"3:21: tests[0].call.invite_file: invite is there too; want one of the two"}},
		"response":          {one(`redirect: {response: "SIP/2.0 302 Moved\n"}`, expect), []string{"3:14: tests[0].redirect.response: line 1 of it: message has no Via"}},
		"response of 200":   {one(`redirect: {response: "SIP/2.0 200 OK\nVia: SIP/2.0/UDP h\nf: <sip:a@h>;tag=1\nt: <sip:b@h>\ni: 1\nCSeq: 1 INVITE\n"}`, expect), []string{"3:14: tests[0].redirect.response: its status is 200; want 300 to 399"}},
		"other response":    {one(`call: {call_id: x}`, `redirect: {response: "SIP/2.0 302 OK\nVia: SIP/2.0/UDP h\nf: <sip:a@h>;tag=1\nt: <sip:b@h>\ni: 1\nCSeq: 1 INVITE\n"}`, expect), []string{`4:14: tests[0].redirect.response: line 5 of it: Call-ID is "1", that of the request "x": it answers another request`}},
		"response, status":  {one(`redirect: {response: x, status: 302}`, expect), []string{"3:14: tests[0].redirect.response: line 1 of it: ", "3:27: tests[0].redirect.status: the response says it; want one of the two"}},
		"attempts, no from": {one(moved, `attempts: [{uri: sip:x@h, status: 486}]`, expect), []string{"3:3: tests[0].redirect: from is missing: which target brought it, after those in attempts?"}},
		"attempt": {one(`failure: {status: 486, from: {uri: sip:y@h, rutes: []}}`, `attempts: [{uri: sip:x@h}, {status: 200}]`, expect), []string{
			`3:47: tests[0].failure.from.rutes: unknown key; did you mean "routes"?`,
			"4:15: tests[0].attempts[0].uri: how did it end? want status or outcome",
			"4:30: tests[0].attempts[1].uri: the key is missing",
			"4:39: tests[0].attempts[1].status: 200 is out of range (300 to 699)",
		}},
		"remaining":     {one(moved, `remaining: [{label: x}]`, expect), []string{"4:15: tests[0].remaining[0].uri: the key is missing"}},
		"too many":      {one(moved, `remaining: [`+strings.Repeat("sip:a@h, ", 65)+`]`, expect), []string{"4:3: tests[0].remaining: 65 targets are more than 64"}},
		"many attempts": {one(`failure: {status: 486, from: sip:z@h}`, `attempts: [`+strings.Repeat("{uri: sip:a@h, status: 486}, ", 63)+`]`, expect), []string{"3:3: tests[0].failure: there are 65 attempts with the first and the last one, more than 64"}},
		"edge":          {one(moved, `edge: {attempts_left: 65}`, expect), []string{"4:25: tests[0].edge.attempts_left: 65 is out of range (0 to 64)"}},
		"final":         {one(moved, `expect: {reject: 302 Moved}`), []string{`4:20: tests[0].expect.reject: "302 Moved" is no status from 400 to 699, alone or with its reason phrase, such as 403 or 403 Not here`}},
		"verdict":       {one(moved, `expect: {contacts: {sip:a@h: gone}}`), []string{`4:32: tests[0].expect.contacts."sip:a@h": "gone" is not allowed; want taken, dropped or moved, alone or with why: "dropped: scheme"`}},
		"empty rule":    {one(moved, `expect: {rule: ""}`), []string{"4:12: tests[0].expect.rule: the text is empty, which every text contains"}},
		"nothing stays": {one(moved, `expect: {pass_through: []}`), []string{"4:12: tests[0].expect.pass_through: want true, redirect, best, or the contacts that stay"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rehearse.Parse(file, []byte(c.file))
			if err == nil {
				t.Fatalf("it is good: %+v", got)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.want) {
				t.Errorf("%d problems, want %d:\n%v", len(lines), len(c.want), err)
			}
			for i, want := range c.want {
				if i >= len(lines) || !strings.HasPrefix(lines[i], file+":"+want) {
					t.Errorf("got\n%v\nwant in line %d\n%s", err, i+1, want)
				}
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a_test.yaml")
	if err := os.WriteFile(path, []byte("policy: ../policy.yaml\n"+one(moved, expect)), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := rehearse.Load(path)
	if err != nil || f.Policy != filepath.Join(filepath.Dir(dir), "policy.yaml") || len(f.Tests) != 1 || f.Tests[0].Line != 3 || f.Tests[0].Name != "a" {
		t.Errorf("got %+v, %v", f, err)
	}
	if _, err := rehearse.Load(filepath.Join(dir, "b")); err == nil || !strings.HasPrefix(err.Error(), "read the tests: open ") {
		t.Errorf("error %v", err)
	}
	if f, err := rehearse.Parse("a", []byte("policy: /p.yaml\n"+one(moved, expect))); err != nil || f.Policy != "/p.yaml" {
		t.Errorf("got %+v, %v", f, err)
	}
}
