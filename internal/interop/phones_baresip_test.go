package interop

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/redirectd/redirectd/internal/proctest"
)

// phone is baresip: a telephone with SIP and RTP, a tone in place of the
// microphone, and a test that presses its keys.
type phone struct {
	name    string
	addr    netip.AddrPort // UDP and TCP; TLS is on the next port
	control *control
	*process
}

// phoneValues fill the templates of a phone's configuration.
type phoneValues struct {
	Name            string
	Manual          bool   // it rings until the test answers; otherwise it answers at once
	MaxCalls        int    // the next one finds it busy; 0: 4
	Outbound        string // URI of its outbound proxy, if it has one
	Certificate, CA string // files; the certificate's has the key as well

	Addr, Control netip.AddrPort
	Modules       string
}

// AnswerMode is the template's word for Manual.
func (v phoneValues) AnswerMode() string {
	if v.Manual {
		return "manual"
	}
	return "auto"
}

var phoneReady = regexp.MustCompile(`baresip is ready`)

// startPhone starts a phone and waits until it can be called.
func startPhone(t *testing.T, v phoneValues) *phone {
	t.Helper()
	dir := t.TempDir()
	v.Addr, v.Control, v.MaxCalls = proctest.FreePair(t), proctest.FreeAddr(t), cmp.Or(v.MaxCalls, 4)
	v.Modules = baresipModules(t)
	for _, name := range []string{"config", "accounts"} {
		fill(t, "testdata/baresip/"+name, filepath.Join(dir, name), v)
	}
	p := start(t, "baresip", "-4", "-s", "-f", dir)
	p.shown = 6000
	p.find(t, phoneReady, 1)
	ph := &phone{name: v.Name, addr: v.Addr, process: p, control: dialControl(t, v.Control)}
	// It hangs up when it ends, which is part of no test.
	t.Cleanup(func() { _ = ph.control.conn.Close() })
	return ph
}

// baresipModules is where Debian puts them on this machine.
func baresipModules(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	t.Fatal("no directory of baresip's modules: apt-get install baresip-core")
	return ""
}

// fill writes a file from its template.
func fill(t *testing.T, from, file string, values any) {
	t.Helper()
	tmpl, err := template.ParseFiles(from)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := tmpl.Execute(&text, values); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// next is the port after another, of the same address.
func next(addr netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(addr.Addr(), addr.Port()+1)
}

// uri is where the phone is reached by a transport, "sips" among them.
func (ph *phone) uri(transport string) string {
	switch transport {
	case "udp":
		return fmt.Sprintf("sip:%s@%v", ph.name, ph.addr)
	case "tls":
		return fmt.Sprintf("sip:%s@%v;transport=tls", ph.name, next(ph.addr))
	case "sips":
		return fmt.Sprintf("sips:%s@%v", ph.name, next(ph.addr))
	}
	return fmt.Sprintf("sip:%s@%v;transport=%s", ph.name, ph.addr, transport)
}

// phoneTrace is one message as baresip shows it: in colour.
var phoneTrace = regexp.MustCompile(`(?s)\x1b\[36;1m#\n(?:UDP|TCP|TLS) \S+ -> \S+\n(.*?)\x1b\[;m`)

// messages is what the phone has sent and received of one call by now.
func (ph *phone) messages(t *testing.T, callID string) []*message {
	t.Helper()
	return slices.DeleteFunc(ph.all(t), func(m *message) bool { return m.callID() != callID })
}

// all is what the phone has sent and received by now.
func (ph *phone) all(t *testing.T) []*message {
	t.Helper()
	var list []*message
	for _, f := range phoneTrace.FindAllStringSubmatch(ph.out.String(), -1) {
		m, err := readMessage(f[1])
		if err != nil {
			t.Fatalf("%s: %v", ph.name, err)
		}
		// What has its own Via on top is a request of its own, or the answer to one.
		own := strings.Contains(strings.SplitN(m.vias()[0], ";", 2)[0], ph.addr.Addr().String()+":"+ph.viaPort(m))
		m.peer, m.received = ph.name, own == (m.status() != 0)
		list = append(list, m)
	}
	return list
}

// viaPort is the port in the phone's own Vias of that transport.
func (ph *phone) viaPort(m *message) string {
	if strings.HasPrefix(m.vias()[0], "SIP/2.0/TLS ") {
		return fmt.Sprint(ph.addr.Port() + 1)
	}
	return fmt.Sprint(ph.addr.Port())
}
