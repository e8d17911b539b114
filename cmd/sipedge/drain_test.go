package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

const (
	sigterm = syscall.SIGTERM
	sigkill = syscall.SIGKILL
)

// ringing is a sipedge with a call that waits for its answer.
func ringing(t *testing.T, args ...string) (e *sipedge, caller, server *siptest.Peer, call *siptest.Call, invite *siptest.Msg) {
	t.Helper()
	caller, server = siptest.UDP(t), siptest.UDP(t)
	e = start(t, append([]string{"--next-hop", server.URI("")}, args...)...)
	call = caller.Invite(e.udp, "sip:bob@example.com")
	invite = server.Expect("INVITE ")
	server.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	return e, caller, server, call, invite
}

// refused calls until a call is refused because the edge drains.
func refused(t *testing.T, e *sipedge, server *siptest.Peer) *siptest.Msg {
	t.Helper()
	caller := siptest.UDP(t)
	for range 100 {
		call := caller.Invite(e.udp, "sip:new@example.com")
		answer := caller.Receive()
		if answer.Status() != 100 {
			call.Ack(answer)
			return answer
		}
		// It came before the draining began.
		server.Respond(server.Expect("INVITE sip:new@example.com"), 486, "Busy Here")
		server.Expect("ACK ")
		call.Ack(caller.Expect("SIP/2.0 486"))
	}
	t.Fatal("it takes new calls")
	return nil
}

// TestDrain: new calls are refused, the one that rings gets its answer.
func TestDrain(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, caller, server, call, invite := ringing(t)
			e.Signal(sig)
			if at := e.Value("msg=draining", "at_most"); at != "10s" {
				t.Errorf("at_most=%s", at)
			}
			answer := refused(t, e, server)
			if answer.Status() != 503 || answer.Header("Retry-After") == "" {
				t.Errorf("a new call gets\n%s", answer.Raw)
			}
			if status, body := e.get(t, "/readyz"); status != 503 || body != "draining\n" {
				t.Errorf("/readyz: %d %q", status, body)
			}
			if status, _ := e.get(t, "/healthz"); status != 200 {
				t.Errorf("/healthz: %d", status)
			}
			server.Respond(invite, 200, "OK")
			call.Ack(caller.Expect("SIP/2.0 200"))
			if code := e.ExitCode(); code != exitGood || strings.Contains(e.Stderr(), "level=WARN") {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// TestDrainIsBounded: a call that nobody answers keeps no process.
func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	e, _, _, _, _ := ringing(t, "--drain", "100ms")
	began := time.Now()
	e.end(t)
	if took := time.Since(began); took < 100*time.Millisecond || took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if !strings.Contains(e.Stderr(), `msg="calls cut off" after=100ms`) {
		t.Errorf("the log is\n%s", e.Stderr())
	}
}

// TestSecondSignal ends it at once, for an operator who has waited enough.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	e, _, _, _, _ := ringing(t, "--drain", "10m")
	e.Signal(os.Interrupt)
	e.Await("msg=draining")
	proctest.Eventually(t, "the end", func() bool {
		e.Signal(os.Interrupt)
		return !e.Running()
	})
	if code := e.ExitCode(); code != -1 {
		t.Errorf("exit code %d, want an end by the signal", code)
	}
}

// TestHangup is no end. It reads the certificates again if there are any.
func TestHangup(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	pair := ca.Issue("127.0.0.1")
	e := start(t, "--listen", "tls://127.0.0.1:0", "--config",
		file(t, "edge.yaml", "tls: {cert: "+pair.Cert+", key: "+pair.Key+"}\n"))
	e.Signal(syscall.SIGHUP)
	e.Await(`level=INFO msg="certificates read again"`)
	if err := os.WriteFile(pair.Cert, []byte("half a certif"), 0o600); err != nil {
		t.Fatal(err)
	}
	e.Signal(syscall.SIGHUP)
	e.Await(`level=ERROR msg="the certificates stay as they were" error=`)
	e.Await(pair.Cert)
	e.Await(`level=INFO msg="SIGHUP: read again" what=certificates needs_restart="`)
	if strings.Contains(e.Stderr(), "nothing to read again") {
		t.Errorf("the log complains of what was done:\n%s", e.Stderr())
	}
	e.end(t)

	e = start(t, "--listen", "udp://127.0.0.1:0")
	e.Signal(syscall.SIGHUP)
	e.Await(`level=WARN msg="SIGHUP: there is nothing to read again" needs_restart=flags`)
	if strings.Contains(e.Stderr(), "certificates") {
		t.Errorf("the log speaks of certificates that nobody has:\n%s", e.Stderr())
	}
	e.end(t)
}

// TestSignalEndsCheck: only serve has something to finish.
func TestSignalEndsCheck(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	p := proctest.Start(t, "sipedge", "check", "--config", fifo)
	opened := make(chan *os.File, 1)
	go func() {
		w, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for a reader
		if err != nil {
			t.Error(err)
		}
		opened <- w
	}()
	select {
	case w := <-opened:
		defer func() { _ = w.Close() }()
	case <-time.After(proctest.Timeout):
		t.Fatal("the configuration is not read")
	}
	p.Signal(sigterm)
	if code := p.ExitCode(); code != -1 {
		t.Errorf("exit code %d, want an end by the signal", code)
	}
}

// TestEndWithoutCalls waits for nothing.
func TestEndWithoutCalls(t *testing.T) {
	t.Parallel()
	e := start(t, "--drain", "10m")
	e.end(t)
}
