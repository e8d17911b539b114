package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// recordsIn reads call records.
func recordsIn(t *testing.T, text string) (records []callrecord.Call) {
	t.Helper()
	for line := range strings.Lines(text) {
		var r callrecord.Call
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		records = append(records, r)
	}
	return records
}

// TestRecordsThroughADrain: a call that rings when SIGTERM comes, and gets its
// answer then, is in the file when the process has ended; one that gets none is
// there too, as what it was.
func TestRecordsThroughADrain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		drain  string
		answer int
		want   callrecord.Final
	}{
		"answered": {"10s", 200, callrecord.Final{Result: callrecord.ResultSent, Status: 200, Reason: "OK", Why: "target answered"}},
		"cut off":  {"0s", 0, callrecord.Final{Result: callrecord.ResultNone, Why: "the edge stopped"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "records.jsonl")
			caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := start(t, "--next-hop", server.URI(""), "--records", path, "--drain", c.drain)
			call := caller.Invite(e.udp, "sip:bob@example.com")
			redirect(server, "<"+target.URI("a")+">")
			invite := target.Expect("INVITE ")
			target.Respond(invite, 180, "Ringing")
			caller.ExpectSkipping100("SIP/2.0 180")
			e.Signal(sigterm)
			if c.answer > 0 {
				e.Await("msg=draining")
				target.Respond(invite, c.answer, "OK")
				call.Ack(caller.Expect("SIP/2.0 200"))
				target.Expect("ACK ")
			}
			if code := e.ExitCode(); code != exitGood {
				t.Errorf("exit code %d", code)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			records := recordsIn(t, string(data))
			if len(records) != 1 || records[0].Call.CallID != call.CallID {
				t.Fatalf("it has %s", data)
			}
			got := records[0].Final
			if got.Result != c.want.Result || got.Status != c.want.Status || got.Reason != c.want.Reason || got.Why != c.want.Why {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// TestRecordsAreReopened: after SIGHUP a file that was renamed is let go.
func TestRecordsAreReopened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "records.jsonl")
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := start(t, "--next-hop", server.URI(""), "--config", file(t, "edge.yaml", "records: {file: "+path+"}\n"))
	place := func() string {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		redirect(server, "<tel:+1>")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
		return call.CallID
	}
	has := func(path string, callIDs ...string) {
		t.Helper()
		proctest.Eventually(t, path, func() bool {
			data, _ := os.ReadFile(path)
			lines := strings.Split(string(data), "\n")
			if len(lines) != len(callIDs)+1 {
				return false
			}
			for i, id := range callIDs {
				if !strings.Contains(lines[i], id) {
					return false
				}
			}
			return true
		})
	}
	first := place()
	has(path, first)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	second := place()
	has(path+".1", first, second)
	e.Signal(syscall.SIGHUP)
	e.Await(`msg="SIGHUP: read again" what=` + path)
	third := place()
	has(path, third)
	e.hasMetric(t, "sipedge_call_records_written_total 3")
	e.hasMetric(t, `sipedge_call_records_dropped_total{reason="queue_full"} 0`)
	e.end(t)
}

// TestRecordsOnStdout: nothing but records is there.
func TestRecordsOnStdout(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := start(t, "--next-hop", server.URI(""), "--records", "stdout")
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<tel:+1>")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	e.end(t)
	records := recordsIn(t, e.Stdout())
	if len(records) != 1 || records[0].Call.CallID != call.CallID || records[0].Final.Status != 480 {
		t.Errorf("standard output is %s", e.Stdout())
	}
}
