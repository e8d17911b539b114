package transport

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

func TestCheckTLS(t *testing.T) {
	ca := siptest.NewCA(t)
	one, other := ca.Issue("a.example"), ca.Issue("b.example")
	text := filepath.Join(t.TempDir(), "text.pem")
	if err := os.WriteFile(text, []byte("none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.pem")
	if err := os.WriteFile(broken, []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(t.TempDir(), "gone.pem")
	for _, tc := range []struct {
		name string
		cfg  TLSConfig
		want []string // in the error; nil: none
	}{
		{"nothing", TLSConfig{}, nil},
		{"all", TLSConfig{one.Cert, one.Key, ca.File, ClientAuthRequire}, nil},
		{"roots alone", TLSConfig{CA: ca.File}, nil},
		{"no key", TLSConfig{Cert: one.Cert}, []string{"tls.cert and tls.key", "only one"}},
		{"no certificate", TLSConfig{Key: one.Key}, []string{"tls.cert and tls.key", "only one"}},
		{"a word", TLSConfig{ClientAuth: "verify"}, []string{`"verify"`, "none, request or require"}},
		{"no such certificate", TLSConfig{Cert: gone, Key: one.Key}, []string{"tls.cert: ", gone}},
		{"no such key", TLSConfig{Cert: one.Cert, Key: gone}, []string{"tls.key: ", gone}},
		{"no such root", TLSConfig{CA: gone}, []string{"tls.ca: ", gone}},
		{"another's key", TLSConfig{Cert: one.Cert, Key: other.Key}, []string{one.Cert, other.Key, "does not match"}},
		{"text for a certificate", TLSConfig{Cert: text, Key: one.Key}, []string{text, "PEM"}},
		{"text for roots", TLSConfig{CA: text}, []string{text, "PEM"}},
		{"a broken root", TLSConfig{CA: broken}, []string{broken, "certificate 1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := CheckTLS(tc.cfg)
			if (err == nil) != (tc.want == nil) {
				t.Fatalf("%v, want %q", err, tc.want)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q in it", err, want)
				}
			}
		})
	}
}

// TestListenNeedsCertificate: a listener of TLS without one is an error at start.
func TestListenNeedsCertificate(t *testing.T) {
	one := siptest.NewCA(t).Issue("a.example")
	for listen, cfg := range map[string]TLSConfig{"tls://127.0.0.1:0": {}, "wss://127.0.0.1:0": {Cert: one.Cert}} {
		a, err := ParseAddress(listen)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Listen(Config{Listen: []Address{a}, TLS: cfg}, newSink())
		if want := "tls.cert and tls.key are needed by " + listen; err == nil || err.Error() != want {
			t.Errorf("%v, want %q", err, want)
		}
	}
	a, _ := ParseAddress("udp://127.0.0.1:0")
	if _, err := Listen(Config{Listen: []Address{a}, TLS: TLSConfig{CA: "/none.pem"}}, newSink()); err == nil {
		t.Error("a file that is not there is no error where no listener needs it")
	}
}

// shown is the name in the certificate that the listener shows.
func shown(t *testing.T, s *Set) string {
	t.Helper()
	nc := connectTLS(t, s.addr(0))
	defer func() { _ = nc.Close() }()
	return nc.ConnectionState().PeerCertificates[0].DNSNames[0]
}

// stale lets the next handshake look into the files, as a second would.
func (s *Set) stale() {
	s.creds.mu.Lock()
	defer s.creds.mu.Unlock()
	s.creds.checked = time.Time{}
}

func put(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestReload: new handshakes have the new pair; while the files are not a pair,
// the last good one, with one line in the log.
func TestReload(t *testing.T) {
	ca := siptest.NewCA(t)
	ours, next := ca.Issue("one.example"), ca.Issue("two.example")
	var journal logged
	cfg := secured(ca, ours, ClientAuthNone)
	cfg.Logger = journal.logger()
	s := serve(t, cfg, newSink(), "tls://127.0.0.1:0")
	if got := shown(t, s); got != "one.example" {
		t.Fatalf("showed %s", got)
	}
	put(t, next.Cert, ours.Cert) // half of it
	for range 3 {
		s.stale()
		if got := shown(t, s); got != "one.example" {
			t.Errorf("with half a pair: showed %s", got)
		}
	}
	if n := strings.Count(journal.String(), "level=ERROR"); n != 1 || !strings.Contains(journal.String(), ours.Key) {
		t.Errorf("%d errors in the log, want 1 that names the key:\n%s", n, journal.String())
	}
	if err := s.ReloadTLS(); err == nil || !strings.Contains(err.Error(), ours.Cert) {
		t.Errorf("ReloadTLS: %v, want an error that names the certificate", err)
	}
	put(t, next.Key, ours.Key)
	if got := shown(t, s); got != "one.example" {
		t.Errorf("looked again within a second: showed %s", got)
	}
	s.stale()
	if got := shown(t, s); got != "two.example" {
		t.Errorf("with the new pair: showed %s", got)
	}
	if err := os.Remove(ours.Key); err != nil {
		t.Fatal(err)
	}
	s.stale()
	if got := shown(t, s); got != "two.example" {
		t.Errorf("without a key: showed %s", got)
	}
	put(t, next.Key, ours.Key)
	if err := s.ReloadTLS(); err != nil {
		t.Error(err)
	}
}

// TestReloadSymlink: as Kubernetes changes a mounted secret.
func TestReloadSymlink(t *testing.T) {
	ca := siptest.NewCA(t)
	dir := t.TempDir()
	for i, p := range []siptest.Pair{ca.Issue("one.example"), ca.Issue("two.example")} {
		version := filepath.Join(dir, []string{"..v1", "..v2"}[i])
		if err := os.Mkdir(version, 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, p.Cert, filepath.Join(version, "tls.crt"))
		put(t, p.Key, filepath.Join(version, "tls.key"))
	}
	data := filepath.Join(dir, "..data")
	swap := func(to string) {
		t.Helper()
		if err := os.Symlink(to, data+"_tmp"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(data+"_tmp", data); err != nil {
			t.Fatal(err)
		}
	}
	swap("..v1")
	cfg := Config{TLS: TLSConfig{Cert: filepath.Join(data, "tls.crt"), Key: filepath.Join(data, "tls.key")}}
	s := serve(t, cfg, newSink(), "tls://127.0.0.1:0")
	if got := shown(t, s); got != "one.example" {
		t.Fatalf("showed %s", got)
	}
	swap("..v2")
	if err := s.ReloadTLS(); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, s); got != "two.example" {
		t.Errorf("showed %s", got)
	}
}

// TestReloadRoots: whom we believe changes as well, in both directions, and for
// sessions that are resumed.
func TestReloadRoots(t *testing.T) {
	ca, other := siptest.NewCA(t), siptest.NewCA(t)
	ours, client := ca.Issue("a.example"), ca.Issue("client.example")
	cfg := secured(ca, ours, ClientAuthRequire)
	r := newSink()
	s := serve(t, cfg, r, "tls://127.0.0.1:0")
	p := siptest.TLS(t, ca, ours)
	to := Destination{Kind: TLS, Addr: p.Addr(), Name: "a.example"}
	f, err := s.Dial(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	resuming := &tls.Config{
		InsecureSkipVerify: true, Certificates: []tls.Certificate{client.TLS}, ClientSessionCache: tls.NewLRUClientSessionCache(1), ServerName: "x",
	}
	nc := tls.Client(connect(t, s.addr(0)), resuming)
	send(t, nc, options("1", 0))
	if err := r.next(t).flow.Send([]byte("\r\n")); err != nil {
		t.Fatal(err)
	}
	if read(t, nc, 2) != "\r\n" { // the ticket has come before it
		t.Fatal("no answer")
	}
	put(t, other.File, ca.File)
	if err := s.ReloadTLS(); err != nil {
		t.Fatal(err)
	}
	p.Disconnect(f.Local)
	r.failure(t)
	if _, err := s.Dial(t.Context(), to); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("dial: %v, want an unknown authority", err)
	}
	again := tls.Client(connect(t, s.addr(0)), resuming)
	_, _ = again.Write([]byte(options("2", 0))) // the alert may come first
	_ = again.SetReadDeadline(time.Now().Add(wait))
	if n, err := again.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a session of before: read %d bytes, %v", n, err)
	}
	if len(r.received) > 0 {
		t.Error("a session of before was let in")
	}
}
