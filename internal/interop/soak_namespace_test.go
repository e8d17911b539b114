package interop

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// insideEnv is set in a test that runs in a network namespace of its own.
const insideEnv = "INTEROP_NAMESPACE"

func isInside() bool { return os.Getenv(insideEnv) != "" }

// lossRules drop one datagram in ten, on its way to whoever should have it.
const lossRules = `
add table inet loss
add chain inet loss in { type filter hook input priority 0; }
add rule inet loss in meta l4proto udp numgen random mod 10 == 0 counter drop
`

// runInside runs the test again in a new network namespace, as root or as who
// may make user namespaces, and fails as it fails.
func runInside(t *testing.T, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", limit.String())
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	switch err := cmd.Run(); {
	case cmd.Process == nil:
		t.Fatalf("this needs a network namespace, so root or user namespaces (kernel.unprivileged_userns_clone): %v", err)
	case err != nil || !strings.Contains(out.String(), "--- PASS: "+t.Name()):
		t.Fatalf("in its namespace: %v\n%s", err, out.String())
	}
	t.Log(out.String())
}

// loseDatagrams makes the loopback of the namespace work, but not well.
func loseDatagrams(t *testing.T) {
	t.Helper()
	if err := raiseLoopback(); err != nil {
		t.Fatalf("loopback of the namespace: %v", err)
	}
	if out, err := nft(t.Context(), lossRules, "-f", "-"); err != nil {
		t.Fatalf("nft: %v: %s\nthis needs the package nftables, and a kernel with nf_tables", err, out)
	}
}

// datagramsLost is what the rule counts, as nft shows it.
func datagramsLost(t *testing.T) int {
	t.Helper()
	out, err := nft(t.Context(), "", "list", "table", "inet", "loss")
	if err != nil {
		t.Fatalf("nft list: %v: %s", err, out)
	}
	_, rest, _ := strings.Cut(out, "counter packets ")
	var n int
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatalf("nft list has no counter: %v\n%s", err, out)
	}
	return n
}

func nft(ctx context.Context, stdin string, args ...string) (string, error) {
	name := "nft"
	if _, err := exec.LookPath(name); err != nil {
		name = "/usr/sbin/nft" // where Debian has it, which is not on every PATH
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func raiseLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }() // nothing was written
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	req.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}
