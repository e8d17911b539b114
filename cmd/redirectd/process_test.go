package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// buildDir is where binary puts the program.
var buildDir string

// binary builds the program, the first time that a test needs it as a process.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "redirectd")
	out, err := exec.Command("go", "build", "-race", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build redirectd: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	// Without a directory the build says what is wrong.
	buildDir, _ = os.MkdirTemp("", "redirectd")
	m.Run()
	_ = os.RemoveAll(buildDir)
}

// process is redirectd as an operator runs it.
type process struct {
	cmd         *exec.Cmd
	addr, admin string
	mu          sync.Mutex
	log         strings.Builder
	exited      chan struct{}
}

// start runs redirectd on free ports and waits until it listens.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := launch(t, append([]string{"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	eventually(t, "the line that it listens", func() bool { return strings.Contains(p.text(), "msg=listening") })
	p.addr, p.admin = p.field(t, "addr"), p.field(t, "admin")
	return p
}

func launch(t *testing.T, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(path, args...), exited: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
			p.mu.Lock()
			p.log.WriteString(scanner.Text() + "\n")
			p.mu.Unlock()
		}
		_ = p.cmd.Wait() // the exit code is looked at by the test
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it has ended in most tests
		<-p.exited
		if t.Failed() {
			t.Logf("redirectd %v said:\n%s", args, p.text())
		}
	})
	return p
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// field returns the value of a key in the line that it listens.
func (p *process) field(t *testing.T, key string) string {
	t.Helper()
	for line := range strings.Lines(p.text()) {
		for word := range strings.FieldsSeq(line) {
			if value, ok := strings.CutPrefix(word, key+"="); ok && strings.Contains(line, "msg=listening") {
				return value
			}
		}
	}
	t.Fatalf("no %s in %s", key, p.text())
	return ""
}

// end sends SIGTERM and returns the exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return p.exitCode(t)
}

func (p *process) exitCode(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(15 * time.Second):
		t.Fatal("it does not end")
		return -1
	}
}

func (p *process) connect(t *testing.T) *grpc.ClientConn {
	t.Helper()
	target := p.addr
	if !strings.HasPrefix(target, unixPrefix) {
		target = "passthrough:///" + target
	}
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (p *process) decide(t *testing.T, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return redirectv1.NewRedirectPolicyServiceClient(p.connect(t)).Decide(ctx, req)
}

func (p *process) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://" + p.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// eventually polls until ok, at most for 15 s.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(15 * time.Second); !ok(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 15 s", what)
		}
	}
}
