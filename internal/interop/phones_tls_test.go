package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// secure gives the edge a TLS listener and more of a configuration, and everybody
// certificates of one authority.
func (p *phones) secure(t *testing.T, clientAuth string, more ...string) {
	t.Helper()
	p.ca = siptest.NewCA(t)
	own := p.ca.Issue("127.0.0.1")
	file := filepath.Join(t.TempDir(), "edge.yaml")
	text := fmt.Sprintf("tls: {cert: %q, key: %q, ca: %q, client_auth: %s}\n%s", own.Cert, own.Key, p.ca.File, clientAuth, strings.Join(more, "\n"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.flags = append(p.flags, "--config", file, "--listen", "tls://127.0.0.1:0")
}

// inOneFile writes a certificate with its key after it.
func inOneFile(t *testing.T, pair siptest.Pair) string {
	t.Helper()
	var parts [][]byte
	for _, name := range []string{pair.Cert, pair.Key} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, data)
	}
	file := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(file, slices.Concat(parts...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestPhonesTLS lets two telephones talk through a redirected call, by TLS on
// both sides of the edge and on either alone.
func TestPhonesTLS(t *testing.T) {
	ready(t)
	t.Parallel()
	p := newPhones(t, "udp", "tcp", "tls", "sips")
	for _, c := range [][2]string{{"tls", "tls"}, {"tls", "udp"}, {"udp", "tls"}, {"tls", "tcp"}, {"tcp", "tls"}} {
		t.Run(c[0]+" to "+c[1], func(t *testing.T) { p.expectTransports(t, p.talk(t, c[0], c[1]), c[0], c[1]) })
	}
	// Baresip can be called at a SIPS URI, but neither calls one nor has one in its
	// route set, so that here alice alone speaks in the dialog.
	t.Run("udp to sips", func(t *testing.T) {
		id := p.alice.dial(t, p.uri("to-sips", "udp"))
		p.expectTalk(t, id, p.alice, p.bob)
		p.expectReinvite(t, id, "hold", "sendonly", p.alice, p.bob)
		p.expectHangUp(t, id, p.alice, p.bob)
		p.expectTransports(t, id, "udp", "tls")
		if uri := invites(p.bob.messages(t, id))[0].requestURI(); uri != p.bob.uri("sips") {
			t.Errorf("the Request-URI at bob is %s, not his contact %s", uri, p.bob.uri("sips"))
		}
	})
	t.Run("cancelled", func(t *testing.T) { p.cancel(t, "tls") })
	t.Run("busy", func(t *testing.T) { p.busy(t, "tls") })
}

// TestPhonesMutualTLS has an edge that asks for certificates: a telephone with one
// of another authority calls nobody, and is called by nobody.
func TestPhonesMutualTLS(t *testing.T) {
	ready(t)
	t.Parallel()
	p := &phones{proxies: 1, flags: plainListeners()}
	p.secure(t, "require")
	other := siptest.NewCA(t)
	stranger := startPhone(t, phoneValues{Name: "mallory", Certificate: inOneFile(t, other.Issue("127.0.0.1")), CA: other.File})
	p.carol = stranger
	p.start(t, "tls")
	t.Run("known to known", func(t *testing.T) { p.expectTransports(t, p.talk(t, "tls", "tls"), "tls", "tls") })
	t.Run("unknown target", func(t *testing.T) {
		id := p.alice.dial(t, p.uri("try-tls", "tls"))
		p.expectTalk(t, id, p.alice, p.bob)
		p.expectHangUp(t, id, p.alice, p.bob)
		if got := stranger.all(t); len(got) != 0 {
			t.Errorf("the telephone of another authority got %v", got)
		}
	})
	t.Run("unknown caller", func(t *testing.T) {
		refused := regexp.MustCompile(`msg="handshakes failed".* error=.*unknown authority`)
		stranger.press(t, "dial", p.uri("stranger", "tls"))
		p.e.find(t, refused, 1)
		// Whoever comes after him finds everything as it was.
		p.talk(t, "tls", "tls")
		if strings.Contains(p.rs.out.String(), "INVITE sip:stranger@") {
			t.Error("the call of a telephone of another authority was forwarded")
		}
	})
}

// TestPhonesTLSTrunk knows its peer by the name in the certificate: whoever has
// another one may be called, and speak in the call, but calls nobody.
func TestPhonesTLSTrunk(t *testing.T) {
	ready(t)
	t.Parallel()
	p := &phones{proxies: 1, flags: plainListeners()}
	p.secure(t, "require", "trunks: [{name: office, tls_names: [office.example.com]}]")
	p.start(t, "tls")
	office := p.phone(t, phoneValues{Name: "office"}, "sip:office.example.com")
	id := office.dial(t, p.uri("to-tls", "tls"))
	p.expectTalk(t, id, office, p.bob)
	p.expectReinvite(t, id, "hold", "sendonly", p.bob, office)
	p.expectHangUp(t, id, p.bob, office)
	p.e.find(t, regexp.MustCompile(`msg="redirected call" call_id=`+id+` .*trunk=office `), 1)
	for _, transport := range []string{"tls", "udp"} {
		id = p.alice.dial(t, p.uri("to-tls", transport))
		expectFinal(t, id, p.alice, 403)
		if got := p.rs.received(id); len(got) != 0 {
			t.Errorf("a call by %s that alice may not place was forwarded: %+v", transport, got)
		}
	}
}
