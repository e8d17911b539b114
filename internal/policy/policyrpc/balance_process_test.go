package policyrpc_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// A steady stream of decisions with the deadline of a call goes to three
// processes behind one name. One of them is killed and started again, one is
// stopped and goes on: no decision is lost, and whoever is back makes decisions
// within three seconds.
func TestProcessesComeAndGo(t *testing.T) {
	t.Parallel()
	processes := startProcesses(t, 3)
	names := nameServer(t)
	names.setAddrs("127.0.0.2", "127.0.0.3", "127.0.0.4")
	client := dial(t, names.target(processes[0].address), policyrpc.ClientOptions{})
	decided := newTally(processes)
	await(t, "a decision by each process", 10*time.Second, func() bool {
		_, _ = decided.ask(t, client)
		return decided.least() > 0
	})

	machine := observe(t, processes[2])
	stream := steady(t, func() error { return machine.excuse(t, func() error { return decided.check(t, client) }) })
	decided.reset()
	await(t, "150 decisions", 10*time.Second, func() bool { return decided.total() >= 150 })
	total := decided.total()
	for _, p := range processes {
		if n := decided.of(p); n < total/4 || n > total*5/12 {
			t.Errorf("%s made %d of %d decisions, want about a third", p.address, n, total)
		}
	}

	processes[0].kill(t)
	decided.progress(t, "while one is killed", processes[1:], 50)
	processes[0].start(t)
	decided.back(t, processes[0])

	processes[1].signal(t, syscall.SIGSTOP)
	decided.progress(t, "while one is stopped", []*process{processes[0], processes[2]}, 150)
	processes[1].signal(t, syscall.SIGCONT)
	decided.back(t, processes[1])

	for _, err := range stream() {
		t.Error(err)
	}
	machine.check(t)
}

// process is a redirectd of its own, with a configuration of its own, whose
// revision in a decision says who made it.
type process struct {
	binary, config    string
	address, revision string
	cmd               *exec.Cmd
	log               *processLog
}

func buildRedirectd(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "redirectd")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "../../../cmd/redirectd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as make build does, whose work is not done again
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build redirectd: %v\n%s", err, out)
	}
	return binary
}

// startProcesses starts n of them, at 127.0.0.2 and so on, with one port.
func startProcesses(t *testing.T, n int) []*process {
	t.Helper()
	binary := buildRedirectd(t)
	addresses := freeAddresses(t, n)
	var all []*process
	for i, address := range addresses {
		p := &process{binary: binary, config: filepath.Join(t.TempDir(), "policy.yaml"), address: address}
		data := fmt.Appendf(nil, "# replica %d\nprofiles: [{name: default}]\n", i)
		if err := os.WriteFile(p.config, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := policy.ParseConfig(p.config, data)
		if err != nil {
			t.Fatal(err)
		}
		p.revision = c.Revision
		p.start(t)
		all = append(all, p)
	}
	return all
}

// freeAddresses gives addresses that were free a moment ago.
func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	var addresses []string
	for _, l := range listenAll(t, n) {
		addresses = append(addresses, l.Addr().String())
		_ = l.Close()
	}
	return addresses
}

// start runs the process and returns when it listens.
func (p *process) start(t *testing.T) {
	t.Helper()
	ready := make(chan string, 1)
	p.log = &processLog{ready: ready}
	p.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), p.binary, "serve", "--config", p.config, "--listen", p.address, "--admin", "127.0.0.1:0")
	p.cmd.Stderr = p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := p.cmd
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	select {
	case address := <-ready:
		if address != p.address {
			t.Fatalf("redirectd listens on %s, want %s", address, p.address)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("redirectd at %s does not say that it listens:\n%s", p.address, p.log)
	}
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGKILL)
	_ = p.cmd.Wait() // says that it was killed
}

// processLog keeps what a process writes, and tells its address once.
type processLog struct {
	mu    sync.Mutex
	text  []byte
	ready chan<- string
}

var listening = regexp.MustCompile(`(?m)^.* msg=listening .*addr=(\S+).*$`)

// Write takes a part of the log.
func (l *processLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	if m := listening.FindSubmatch(l.text); m != nil && l.ready != nil {
		l.ready <- string(m[1])
		l.ready = nil
	}
	return len(b), nil
}

func (l *processLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
