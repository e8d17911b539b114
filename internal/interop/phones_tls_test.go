package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// secure gives the edge a TLS listener, and everybody certificates of one authority.
func (p *phones) secure(t *testing.T, clientAuth string) {
	t.Helper()
	p.ca = siptest.NewCA(t)
	own := p.ca.Issue("127.0.0.1")
	file := filepath.Join(t.TempDir(), "edge.yaml")
	text := fmt.Sprintf("tls: {cert: %q, key: %q, ca: %q, client_auth: %s}\n", own.Cert, own.Key, p.ca.File, clientAuth)
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
	p := newPhones(t, "udp", "tcp", "tls")
	for _, c := range [][2]string{{"tls", "tls"}, {"tls", "udp"}, {"udp", "tls"}, {"tls", "tcp"}, {"tcp", "tls"}} {
		t.Run(c[0]+" to "+c[1], func(t *testing.T) { p.expectTransports(t, p.talk(t, c[0], c[1]), c[0], c[1]) })
	}
	t.Run("cancelled", func(t *testing.T) { p.cancel(t, "tls") })
	t.Run("busy", func(t *testing.T) { p.busy(t, "tls") })
}
