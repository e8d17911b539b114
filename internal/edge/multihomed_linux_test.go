package edge

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestMultihomed calls between two networks, in both directions: each side sees
// the address of the edge that its own network has, whatever comes from the other
// one, in Via, in Record-Route (RFC 5658) and as the source of what it receives.
func TestMultihomed(t *testing.T) {
	if !inNamespace(t, "10.77.0.1", "10.88.0.1") {
		return
	}
	inside, outside := netip.MustParseAddr("10.77.0.1"), netip.MustParseAddr("10.88.0.1")
	for _, listen := range []string{"10.77.0.1 10.88.0.1", "10.88.0.1 10.77.0.1", "0.0.0.0"} {
		for _, network := range []string{"udp", "tcp"} {
			t.Run(listen+" "+network, func(t *testing.T) {
				e := startEdge(t, trunks(Trunk{Name: "both", From: from("10.0.0.0/8")}), func(o *Options) {
					o.Config.Listen = nil
					for host := range strings.FieldsSeq(listen) {
						o.Config.Listen = append(o.Config.Listen, mustAddress(t, network+"://"+host+":5060"))
					}
				})
				in, out := siptest.New(t, network, "10.77.0.2"), siptest.New(t, network, "10.88.0.2")
				callAcross(t, e, in, out, inside, outside)
				callAcross(t, e, out, in, outside, inside)
			})
		}
	}
}

// callAcross makes two calls; each end hangs up one.
func callAcross(t *testing.T, e *running, caller, callee *siptest.Peer, up, down netip.Addr) {
	t.Helper()
	near, far := netip.AddrPortFrom(up, 5060), netip.AddrPortFrom(down, 5060)
	e.udp, e.tcp = near, near
	a := answer(t, e, caller, callee, callee.URI("bob"))
	checkAcross(t, a.invite, near, far)
	a.call.Bye(a.ok)
	bye := callee.Expect("BYE " + callee.URI("callee"))
	callee.Respond(bye, 200, "OK")
	caller.Expect("SIP/2.0 200")

	a = answer(t, e, caller, callee, callee.URI("bob"))
	s := calleeSide(callee, a.invite, a.answer)
	callee.Send(far, s.request("BYE", 1))
	bye = caller.Expect("BYE " + caller.URI("caller"))
	if bye.From.Addr() != up || !strings.Contains(bye.Values("Via")[0], " "+near.String()+";") {
		t.Errorf("BYE to the caller from %s with %q, want %s", bye.From, bye.Values("Via")[0], near)
	}
	caller.Respond(bye, 200, "OK")
	callee.Expect("SIP/2.0 200")
}

func checkAcross(t *testing.T, invite *siptest.Msg, near, far netip.AddrPort) {
	t.Helper()
	if via := invite.Values("Via")[0]; invite.From.Addr() != far.Addr() || !strings.Contains(via, " "+far.String()+";") {
		t.Errorf("INVITE from %s with %q, want %s", invite.From, via, far)
	}
	routes := invite.Values("Record-Route")
	if len(routes) != 2 || !strings.HasPrefix(routes[0], "<sip:"+far.String()+";") || !strings.HasPrefix(routes[1], "<sip:"+near.String()+";") {
		t.Errorf("Record-Route is %v, want %s above %s", routes, far, near)
	}
}

// insideEnv is set in a test that runs in a network namespace of its own.
const insideEnv = "EDGE_NAMESPACE"

// inNamespace reports whether the test runs in a network namespace of its own,
// whose loopback has these addresses, and all others of their /24: it has a route
// to each network, as it would by an interface. Outside it runs the test again in
// such a namespace, and fails as that fails.
func inNamespace(t *testing.T, addrs ...string) bool {
	t.Helper()
	if os.Getenv(insideEnv) != "" {
		if err := configureLoopback(addrs); err != nil {
			t.Fatalf("loopback of the namespace: %v", err)
		}
		return true
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "1m")
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
	return false
}

// configureLoopback raises the loopback and gives it more addresses.
func configureLoopback(addrs []string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }() // nothing was written
	set := func(name string, request uint, change func(*unix.Ifreq) error) error {
		req, err := unix.NewIfreq(name)
		if err == nil {
			err = change(req)
		}
		if err == nil {
			err = unix.IoctlIfreq(fd, request, req)
		}
		return err
	}
	err = set("lo", unix.SIOCSIFFLAGS, func(r *unix.Ifreq) error { r.SetUint16(unix.IFF_UP | unix.IFF_RUNNING); return nil })
	for i, a := range addrs {
		name, addr := fmt.Sprintf("lo:%d", i+1), netip.MustParseAddr(a).As4()
		if err == nil {
			err = set(name, unix.SIOCSIFADDR, func(r *unix.Ifreq) error { return r.SetInet4Addr(addr[:]) })
		}
		if err == nil {
			err = set(name, unix.SIOCSIFNETMASK, func(r *unix.Ifreq) error { return r.SetInet4Addr([]byte{255, 255, 255, 0}) })
		}
	}
	return err
}
