package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is something that was started. Its output is in a file.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
	err    error // of Wait, once exited is closed
}

// start starts a program, in a process group of its own so that a Ctrl-C ends it
// in its turn, and so that nothing of it stays behind.
func start(name, dir string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, cmd: exec.Command(program, args...), log: filepath.Join(dir, name+".log"), exited: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr, p.cmd.Env = dir, log, log, append(os.Environ(), env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.exited)
		p.err = p.cmd.Wait()
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// wait waits for a program that ends by itself, and reads what it said.
func (p *process) wait(ctx context.Context) ([]byte, error) {
	select {
	case <-p.exited:
	case <-ctx.Done():
		p.stop()
		return nil, fmt.Errorf("%s: %w", p.name, ctx.Err())
	}
	out, err := os.ReadFile(p.log)
	return out, errors.Join(p.err, err)
}

// alive says why a process that should run does not.
func (p *process) alive() error {
	select {
	case <-p.exited:
		return fmt.Errorf("%s has ended too early: %s", p.name, p.tail())
	default:
		return nil
	}
}

// tail is the end of its output.
func (p *process) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(b[max(0, len(b)-500):]))
}

// grace is how long a process may take to end when it is asked to.
const grace = 3 * time.Second

// stop ends a process and what it has started.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.exited:
	case <-time.After(grace):
	}
	_ = syscall.Kill(-p.pid(), syscall.SIGKILL) // the group: mostly empty by now
	<-p.exited
}
