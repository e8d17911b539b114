package docs_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// recordedCalls are the contacts that the redirect server of docs/replay.md answers
// with, one call after the other; T is where the target is.
var recordedCalls = []string{
	"<sip:+15551230000@T>",
	"<sip:+19005551212@T>;q=0.9, <sip:+15551230001@T>;q=0.5",
	"<sip:+49301234567@T>",
	"<sip:+49301234568@T>",
}

// checkRecording does what docs/replay.md says: a sipedge records some calls, the
// policy file changes, and a replay says what will be otherwise.
func checkRecording(t *testing.T, p *page, b block) {
	t.Helper()
	dir := p.save(t)
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := proctest.StartFile(t, proctest.Build(t, "sipedge"), dir, "--config", b.name,
		"--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--next-hop", server.URI(""))
	udp := netip.MustParseAddrPort(strings.TrimPrefix(e.Value("msg=listening", "addr"), "udp://"))
	for _, contacts := range recordedCalls {
		call := caller.Invite(udp, "sip:bob@example.com")
		server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: "+strings.ReplaceAll(contacts, "T", target.Addr().String()))
		server.Expect("ACK ")
		target.Respond(target.Expect("INVITE "), 200, "OK")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
		target.Expect("ACK ")
	}
	e.Signal(syscall.SIGTERM)
	if code := e.ExitCode(); code != 0 {
		t.Fatalf("exit code %d: %s", code, e.Stderr())
	}
	addresses := strings.NewReplacer(target.Addr().String(), "192.0.2.20:5060", server.Addr().String(), "192.0.2.10:5060",
		caller.Addr().String(), "192.0.2.1:5060", udp.String(), "192.0.2.5:5060")
	checkEntry(t, p, filepath.Join(dir, "recording.jsonl"), addresses)

	code, out, errs := program(t, dir, "redirectd", "replay", "--config", "new.yaml", "recording.jsonl")
	if want := p.find(t, "replay output"); code != 0 || errs != "" || maskedReplay(addresses.Replace(out)) != maskedReplay(want) {
		t.Errorf("exit code %d, %s, it prints\n%s\nthe page says\n%s", code, errs, maskedReplay(addresses.Replace(out)), want)
	}
	// Against what decided, nothing differs; the exit code tells.
	for _, c := range []struct {
		args []string
		code int
	}{{nil, 0}, {[]string{"--config", "new.yaml"}, 1}} {
		args := append(append([]string{"replay", "--fail-on-difference"}, c.args...), "recording.jsonl")
		if code, out, errs := program(t, dir, "redirectd", args...); code != c.code {
			t.Errorf("%q: exit code %d\n%s%s", args, code, out, errs)
		}
	}
}

// checkEntry compares the first line of a recording, as far as the page shows it,
// with that of the page.
func checkEntry(t *testing.T, p *page, path string, addresses *strings.Replacer) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(data, []byte("\n")); n != len(recordedCalls) {
		t.Errorf("%d lines of %d calls", n, len(recordedCalls))
	}
	var entry, shown map[string]any
	first, _, _ := bytes.Cut(data, []byte("\n"))
	for into, text := range map[*map[string]any]string{&entry: addresses.Replace(string(first)), &shown: p.find(t, "entry.json")} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	maskEntry(entry)
	maskEntry(shown)
	if got := like(entry, shown); !reflect.DeepEqual(got, any(shown)) {
		text, _ := json.MarshalIndent(got, "", "  ") // it was JSON before
		t.Errorf("the first line has\n%s", text)
	}
}

// like returns what v has of the keys of shown, and all of what is no object there.
func like(v, shown any) any {
	object, ok := v.(map[string]any)
	part, partly := shown.(map[string]any)
	if !ok || !partly {
		return v
	}
	kept := make(map[string]any)
	for key := range part {
		if value, ok := object[key]; ok {
			kept[key] = like(value, part[key])
		}
	}
	return kept
}

// maskEntry hides what is another in every call.
func maskEntry(entry map[string]any) {
	for key, value := range entry {
		if part, ok := value.(map[string]any); ok {
			maskEntry(part)
		}
		if changingKeys[key] {
			entry[key] = "X"
		}
	}
}

var changingKeys = map[string]bool{
	"asked": true, "run": true, "duration_us": true, "requestId": true, "callId": true, "policyVersion": true, "contacts": true,
}

var (
	calls   = regexp.MustCompile(`call \S+, question [^ .]+\.1 `)
	version = regexp.MustCompile(`new.yaml, redirectd \S+, configuration`)
)

func maskedReplay(s string) string {
	s = calls.ReplaceAllString(s, "call CALL-ID, question QUESTION ")
	return version.ReplaceAllString(s, "new.yaml, redirectd devel, configuration")
}

// checkReplayPart: what stands beside the recording of the page.
func checkReplayPart(t *testing.T, p *page, _ block) {
	t.Helper()
	p.find(t, "record.yaml")
}

// TestFieldsOfRecordings: the page says what each field of a line is.
func TestFieldsOfRecordings(t *testing.T) {
	t.Parallel()
	p := pageOf(t, "replay.md")
	for _, field := range []string{"schema", "asked", "run", "policy", "redacted", "state_removed", "duration_us", "error", "question", "answer"} {
		if !strings.Contains(p.prose, "| `"+field+"` |") {
			t.Errorf("%s has no row for %s", p.name, field)
		}
	}
	for _, kind := range []record.ErrorKind{record.UnknownProfile, record.InvalidRequest, record.Timeout, record.Cancelled, record.Failed} {
		if !strings.Contains(p.prose, "`"+string(kind)+"`") {
			t.Errorf("%s does not say what %s is", p.name, kind)
		}
	}
}
