package proctest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Timeout is how long anything that is due may take.
const Timeout = 20 * time.Second

// Process is a running program. Its methods fail the test when they cannot do
// what they are for, so they belong to the test's goroutine.
type Process struct {
	tb             testing.TB
	name           string
	cmd            *exec.Cmd
	stdout, stderr output
	exited         chan struct{}
}

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Start starts cmd/<name>. It is killed when the test ends, which fails if the
// race detector has found anything.
func Start(tb testing.TB, name string, args ...string) *Process {
	tb.Helper()
	return StartFile(tb, Build(tb, name), "", args...)
}

// StartFile is [Start] of any program, in a working directory.
func StartFile(tb testing.TB, path, dir string, args ...string) *Process {
	tb.Helper()
	p := &Process{tb: tb, name: path, cmd: exec.Command(path, args...), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, &p.stdout, &p.stderr
	// A program with the race detector sleeps for a second before it ends.
	p.cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // the exit code is looked at by the test
	}()
	tb.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended in most tests
		<-p.exited
		if strings.Contains(p.Stderr(), "DATA RACE") {
			tb.Errorf("%s has a data race", path)
		}
		if tb.Failed() {
			tb.Logf("%s %q said:\n%s", path, args, p.Stderr())
		}
	})
	return p
}

// Stdout returns what it has written to standard output.
func (p *Process) Stdout() string { return p.stdout.String() }

// Stderr returns what it has written to standard error.
func (p *Process) Stderr() string { return p.stderr.String() }

// Await waits until standard error has a line with that text, and returns it.
func (p *Process) Await(text string) string {
	p.tb.Helper()
	line := ""
	Eventually(p.tb, p.name+" says "+text, func() bool {
		for l := range strings.Lines(p.Stderr()) {
			if strings.Contains(l, text) && strings.HasSuffix(l, "\n") {
				line = strings.TrimSuffix(l, "\n")
				return true
			}
		}
		return false
	})
	return line
}

// Value waits for a line of the log with that text, and returns the value of a
// key in it.
func (p *Process) Value(text, key string) string {
	p.tb.Helper()
	line := p.Await(text)
	for word := range strings.FieldsSeq(line) {
		if value, ok := strings.CutPrefix(word, key+"="); ok {
			return value
		}
	}
	p.tb.Fatalf("no %s in %s", key, line)
	return ""
}

// Signal sends a signal, unless the process has ended. After SIGSTOP it waits until
// no thread of it runs any more: one that runs meanwhile may go on for a while.
func (p *Process) Signal(sig os.Signal) {
	p.tb.Helper()
	_ = p.cmd.Process.Signal(sig) // the exit code tells
	if sig != syscall.SIGSTOP || runtime.GOOS != "linux" {
		return
	}
	Eventually(p.tb, p.name+" stops", func() bool {
		stats, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.cmd.Process.Pid))
		for _, stat := range stats {
			data, readErr := os.ReadFile(stat)
			_, state, ok := strings.Cut(string(data), ") ")
			if readErr == nil && ok && !strings.HasPrefix(state, "T") {
				return false
			}
		}
		return err == nil && len(stats) > 0
	})
}

// Running reports whether it has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// ExitCode waits for the end, and returns the exit code; -1 if a signal ended it.
func (p *Process) ExitCode() int {
	p.tb.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(Timeout):
		p.tb.Fatalf("%s does not end", p.name)
		return -1
	}
}

// Get reads http://addr/path.
func Get(tb testing.TB, addr, path string) (status int, body string) {
	tb.Helper()
	client := &http.Client{Timeout: Timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + addr + path)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }() // only read
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// Eventually polls until ok, at most for [Timeout].
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(Timeout); !ok(); <-ticker.C {
		if time.Now().After(deadline) {
			tb.Fatalf("%s: not within %s", what, Timeout)
		}
	}
}
