package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/connectivity"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// TestSignalsEndWhatDoesNotServe: only serve has something to finish.
func TestSignalsEndWhatDoesNotServe(t *testing.T) {
	for _, args := range [][]string{{"check", "--config"}, {"decide"}, {"test"}, {"serve", "--config"}} {
		for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
			fifo := filepath.Join(t.TempDir(), "fifo")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			p := launch(t, append(args, fifo)...)
			defer awaitReader(t, fifo)()
			if err := p.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if code := p.exitCode(t); code != -1 {
				t.Errorf("%q: exit code %d, want an end by %s", args, code, sig)
			}
		}
	}
}

// awaitReader returns when a process reads from the pipe, which will wait for
// more until the function that it returns is called.
func awaitReader(t *testing.T, fifo string) (closeFIFO func()) {
	t.Helper()
	opened := make(chan *os.File, 1)
	go func() {
		file, err := os.OpenFile(fifo, os.O_WRONLY, 0) // waits for a reader
		if err != nil {
			t.Error(err)
		}
		opened <- file
	}()
	select {
	case file := <-opened:
		return func() { _ = file.Close() }
	case <-time.After(15 * time.Second):
		t.Fatal("nobody reads the pipe")
		return nil
	}
}

// TestHangupWithoutFile is no end, and has nothing to read again.
func TestHangupWithoutFile(t *testing.T) {
	p := start(t)
	p.hangUp(t)
	eventually(t, "a line about it", func() bool {
		return strings.Contains(p.text(), `level=WARN msg="SIGHUP: there is nothing to read again" needs_restart=flags`)
	})
	if _, err := p.decide(t, policytest.Redirected(302, "", policytest.Contact("sip:a@10.0.0.1"))); err != nil {
		t.Error(err)
	}
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
}

// TestNotReadyWhileDraining: that is what takes a pod out of service.
func TestNotReadyWhileDraining(t *testing.T) {
	p := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	watch, err := healthv1.NewHealthClient(p.connect(t)).Watch(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Recv(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health while draining: %v, %v", got, err)
	}
	if status, body := p.get(t, "/readyz"); status != 503 || body != "draining\n" {
		t.Errorf("readyz: %d %q", status, body)
	}
	cancel() // it drains until nobody is left
	if code := p.exitCode(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
}

func TestMaxConnectionAge(t *testing.T) {
	p := start(t, "--max-connection-age", "1s")
	conn := p.connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	if _, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{}); err != nil {
		t.Fatal(err)
	}
	if !conn.WaitForStateChange(ctx, connectivity.Ready) {
		t.Error("the connection outlives its age")
	}
}

func TestLogSampleNone(t *testing.T) {
	p := start(t, "--log-sample", "0")
	if _, err := p.decide(t, policytest.Redirected(302, "", policytest.Contact("sip:a@10.0.0.1"))); err != nil {
		t.Fatal(err)
	}
	p.end(t)
	if strings.Contains(p.text(), "msg=decision") {
		t.Errorf("a decision is logged:\n%s", p.text())
	}
}

// TestSocketOfAnotherStays: one that was put in the place of ours is not ours to
// remove.
func TestSocketOfAnotherStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redirectd.sock")
	p := start(t, "--listen", "unix://"+path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket of another process is gone: %v", err)
	}
}
