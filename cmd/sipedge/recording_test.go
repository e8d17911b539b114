package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestRecordingBesideAShadow: what the edge asks is recorded once, and not what its
// shadow is asked; SIGHUP opens the file again.
func TestRecordingBesideAShadow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recording.jsonl")
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := start(t, "--next-hop", server.URI(""), "--config",
		file(t, "edge.yaml", "policy: {record: {file: "+path+"}, shadow: '127.0.0.1:1'}\n"))
	place := func() string {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		redirect(server, "<tel:+1>")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
		return call.CallID
	}
	has := func(path, callID string) {
		t.Helper()
		var data []byte
		proctest.Eventually(t, path, func() bool {
			data, _ = os.ReadFile(path)
			return strings.HasSuffix(string(data), "\n")
		})
		entry, err := record.Decode(data)
		if err != nil || entry.Question.GetCall().GetCallId() != callID || entry.Policy != "embedded" || entry.Answer.GetReject().GetStatus() != 480 {
			t.Errorf("%v: %s", err, data)
		}
	}
	first := place()
	has(path, first)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	e.Signal(syscall.SIGHUP)
	proctest.Eventually(t, "the new file", func() bool {
		_, err := os.Stat(path)
		return err == nil
	})
	has(path, place())
	has(path+".1", first)
	e.hasMetric(t, `sipedge_policy_recordings_total{result="written"} 2`)
	e.end(t)
}
