package interop

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// answer is what the redirect server says to a user part.
type answer struct {
	User     string
	Status   int
	Reason   string
	Contacts []string // one header field each
}

// kamailio is Kamailio with a configuration of testdata, on UDP and TCP.
type kamailio struct {
	addr netip.AddrPort
	*process
}

// startKamailio starts it with a configuration made from a template, and waits
// until it answers.
func startKamailio(t *testing.T, from string, addr netip.AddrPort, values any) *kamailio {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "kamailio.cfg")
	fill(t, from, file, values)
	// Kamailio's own processes are many: small pools are enough and start fast.
	p := start(t, "kamailio", "-DD", "-E", "-f", file, "-w", dir, "-Y", dir, "-m", "64", "-M", "8")
	k := &kamailio{addr: addr, process: p}
	ping(t, p, "udp", addr)
	ping(t, p, "tcp", addr)
	t.Cleanup(func() { k.stop(t) })
	return k
}

// redirectServer is Kamailio with testdata/redirect.cfg.
type redirectServer struct{ *kamailio }

func startRedirectServer(t *testing.T, addr netip.AddrPort, answers []answer) *redirectServer {
	t.Helper()
	return &redirectServer{startKamailio(t, "testdata/redirect.cfg", addr, map[string]any{"Addr": addr, "Answers": answers})}
}

// stop ends Kamailio and fails the test if it did not end well or met an error.
func (k *kamailio) stop(t *testing.T) {
	t.Helper()
	// Its processes complain of each other when they end, so look before.
	log := k.out.String()
	k.signal(t, syscall.SIGTERM)
	if code := k.wait(t, 10*time.Second); code != 0 {
		t.Errorf("kamailio ended with %d", code)
	}
	for line := range strings.SplitSeq(log, "\n") {
		if strings.Contains(line, " ERROR: ") || strings.Contains(line, " CRITICAL: ") {
			t.Errorf("kamailio: %s", line)
		}
	}
}

var receivedLine = regexp.MustCompile(`(?m)received (\S+) (\S+) call-id=(\S+) via=SIP/2\.0/(\S+) [^\n]*?branch=([^;\s]+)[^\n]* max-forwards=(\S+)$`)

// rsRequest is a request as Kamailio's log shows it.
type rsRequest struct{ method, uri, callID, transport, branch, maxForwards string }

// received is what the redirect server got of one call by now.
func (rs *redirectServer) received(callID string) []rsRequest {
	var list []rsRequest
	for _, f := range receivedLine.FindAllStringSubmatch(rs.out.String(), -1) {
		if f[3] == callID {
			list = append(list, rsRequest{f[1], f[2], f[3], f[4], f[5], f[6]})
		}
	}
	return list
}

// ping asks with OPTIONS until the element answers 200.
func ping(t *testing.T, p *process, transport string, to netip.AddrPort) {
	t.Helper()
	eventually(t, 15*time.Second, func() error {
		select {
		case <-p.done:
			t.Fatalf("%s ended: %v\n%s", p.name, p.cmd.ProcessState, p.out.tail(3000))
		default:
		}
		return options(transport, to)
	})
}

// options sends one OPTIONS and reads the answer.
func options(transport string, to netip.AddrPort) error {
	conn, err := net.DialTimeout(transport, to.String(), time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is lost with it
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	local := conn.LocalAddr()
	id := fmt.Sprintf("%d-%v", time.Now().UnixNano(), local)
	_, err = fmt.Fprintf(conn, "OPTIONS sip:ping@%v SIP/2.0\r\n"+
		"Via: SIP/2.0/%s %v;branch=z9hG4bK%s;rport\r\nFrom: <sip:ping@%v>;tag=1\r\nTo: <sip:ping@%v>\r\n"+
		"Call-ID: %s\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
		to, strings.ToUpper(transport), local, strings.ReplaceAll(id, ":", "."), local, to, id)
	if err != nil {
		return err
	}
	buf := make([]byte, 2048)
	n, err := conn.Read(buf)
	if err != nil {
		return err
	}
	if got := string(buf[:n]); !strings.HasPrefix(got, "SIP/2.0 200 ") {
		return errors.New("answer to OPTIONS: " + got)
	}
	return nil
}
