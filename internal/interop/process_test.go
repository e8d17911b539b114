package interop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a program that a test started. It ends with the test.
type process struct {
	name string
	cmd  *exec.Cmd
	out  output
	done chan struct{} // closed when the program has ended

	// How much of its output a failing test shows.
	shown int
}

// start runs a program in a process group of its own and shows the end of its
// output if the test fails.
func start(t *testing.T, path string, args ...string) *process {
	t.Helper()
	p := &process{name: path, cmd: exec.Command(path, args...), done: make(chan struct{}), shown: 4000}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		defer close(p.done)
		// How it ended stands in ProcessState; the error only repeats it.
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill(t)
		if t.Failed() {
			t.Logf("%s:\n%s", strings.Join(p.cmd.Args, " "), p.out.tail(p.shown))
		}
	})
	return p
}

// wait returns the exit code, and ends the test if there is none in time.
func (p *process) wait(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		t.Fatalf("%s still runs after %v:\n%s", p.name, limit, p.out.tail(3000))
		return -1
	}
}

// signal sends a signal to the program itself, not to its children, unless it
// has ended; how it ended is for wait.
func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("%v to %s: %v", s, p.name, err)
	}
}

// kill ends the program and its children, if they still run.
func (p *process) kill(t *testing.T) {
	t.Helper()
	err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Errorf("kill %s: %v", p.name, err)
	}
	p.wait(t, 5*time.Second)
}

// find waits until at least n parts of the output match and returns the
// submatches of each.
func (p *process) find(t *testing.T, re *regexp.Regexp, n int) [][]string {
	t.Helper()
	var found [][]string
	eventually(t, 10*time.Second, func() error {
		found = re.FindAllStringSubmatch(p.out.String(), -1)
		select {
		case <-p.done:
			if len(found) < n {
				t.Fatalf("%s ended (%v) before it said %q:\n%s", p.name, p.cmd.ProcessState, re, p.out.tail(3000))
			}
		default:
		}
		if len(found) < n {
			return fmt.Errorf("%s said %q %d times, not %d", p.name, re, len(found), n)
		}
		return nil
	})
	return found
}

// output collects what a program writes.
type output struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// tail returns the last n bytes.
func (o *output) tail(n int) string {
	s := o.String()
	return s[max(0, len(s)-n):]
}

// eventually calls f until it returns nil, and ends the test with its last
// error when that takes longer than the limit.
func eventually(t *testing.T, limit time.Duration, f func() error) {
	t.Helper()
	poll(t, limit, 50*time.Millisecond, f)
}

// poll is eventually for an f that is not cheap.
func poll(t *testing.T, limit, pause time.Duration, f func() error) {
	t.Helper()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	deadline := time.After(limit)
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %v", limit, err)
		}
	}
}
