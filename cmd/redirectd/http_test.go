package main

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// next posts a question to /v1/next and returns the answer.
func (p *process) next(t *testing.T, form url.Values) (status int, answer url.Values) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+p.field(t, "http")+"/v1/next", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err = url.ParseQuery(string(body)); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return resp.StatusCode, answer
}

var twoContacts = url.Values{
	"uri": {"sip:bob@example.com"}, "status": {"302"}, "contact": {"<sip:a@192.0.2.101>", "<sip:b@192.0.2.102>"},
}

// TestHTTP: a call that one replica began goes on with another one that has the same
// secrets, and with no other.
func TestHTTP(t *testing.T) {
	t.Parallel()
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("# of all replicas\n\n00112233445566778899aabbccddeeff\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := start(t, "--http", "127.0.0.1:0", "--http-secrets", secrets)
	second := start(t, "--http", "127.0.0.1:0", "--http-secrets", secrets)
	other := start(t, "--http", "127.0.0.1:0")
	status, answer := first.next(t, twoContacts)
	if status != 200 || answer.Get("target") != "sip:a@192.0.2.101" {
		t.Fatalf("%d %v", status, answer)
	}
	failed := url.Values{"token": answer["token"], "status": {"503"}}
	if status, answer = second.next(t, failed); status != 200 || answer.Get("target") != "sip:b@192.0.2.102" {
		t.Errorf("%d %v", status, answer)
	}
	if status, answer = other.next(t, failed); status != 400 || !strings.Contains(answer.Get("message"), "--http-secrets") {
		t.Errorf("%d %v", status, answer)
	}
	if status, body := first.get(t, "/metrics"); status != 200 ||
		!strings.Contains(body, `redirectd_decisions_total{action="try_targets",protocol="next",redirect="302"} 1`) ||
		!strings.Contains(body, `redirectd_http_requests_total{code="200",handler="next"} 1`) {
		t.Errorf("metrics: %d\n%s", status, body)
	}
	for p, tokens := range map[*process]string{first: "signed with --http-secrets", other: "of this process only"} {
		if !strings.Contains(p.text(), `http_tokens="`+tokens+`"`) {
			t.Errorf("no %q in\n%s", tokens, p.text())
		}
		if code := p.end(t); code != exitGood {
			t.Errorf("exit code %d", code)
		}
	}
}

// TestHTTPIsOffByDefault: a listener that nobody asked for is nobody's idea of a
// default.
func TestHTTPIsOffByDefault(t *testing.T) {
	t.Parallel()
	p := start(t)
	if code := p.end(t); code != exitGood || strings.Contains(p.text(), "http") {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

// TestHTTPDrains: SIGTERM lets a request end that has begun, and takes no other.
func TestHTTPDrains(t *testing.T) {
	t.Parallel()
	p := start(t, "--http", "127.0.0.1:0")
	conn, err := net.Dial("tcp", p.field(t, "http"))
	if err != nil {
		t.Fatal(err)
	}
	body := twoContacts.Encode()
	if _, err := io.WriteString(conn, "POST /v1/next HTTP/1.0\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"+body); err != nil {
		t.Fatal(err)
	}
	// It is in progress when its header was read: an answer on a later connection says
	// that the first one was accepted before.
	if status, _ := p.next(t, twoContacts); status != 200 {
		t.Fatal(status)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a refused connection", func() bool {
		c, err := net.Dial("tcp", p.field(t, "http"))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if _, err := io.WriteString(conn, "&reason="+strings.Repeat("x", 1000-len(body)-len("&reason="))); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "200 OK") || !strings.Contains(string(answer), "action=try") {
		t.Errorf("%v, %s", err, answer)
	}
	if code := p.exitCode(t); code != exitGood {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

func TestHTTPPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	code, _, errs := runWith(t, "", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--http", l.Addr().String())
	if code != exitFailed || !strings.Contains(errs, "redirectd: HTTP listener: listen tcp "+l.Addr().String()+": bind: address already in use") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

func TestSecretsFile(t *testing.T) {
	t.Parallel()
	const good = "00112233445566778899aabbccddeeff\n"
	for _, c := range []struct{ name, text, want string }{
		{"good", good + " " + strings.Repeat("ab", 64) + " \r\n#" + good, ""},
		{"empty", "# nothing\n", ": no secret in it; want 32 to 128 hexadecimal digits on a line, such as openssl rand -hex 32 prints"},
		{"no digits", good + "geheim\n", ":2: want 32 to 128 hexadecimal digits, such as openssl rand -hex 32 prints"},
		{"short", "\n0011\n", ":2: want 32 to 128 hexadecimal digits, such as openssl rand -hex 32 prints"},
		{"many", strings.Repeat(good, 9), ":9: more than 8 secrets"},
		{"long", strings.Repeat("#", maxSecretsFile+1), " has more than 65536 bytes"},
	} {
		path := filepath.Join(t.TempDir(), "secrets")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		secrets, err := readSecrets(path)
		switch {
		case c.want == "" && (err != nil || len(secrets) != 2 || len(secrets[0]) != 16 || len(secrets[1]) != 64):
			t.Errorf("%s: %x, %v", c.name, secrets, err)
		case c.want != "" && (err == nil || err.Error() != path+c.want):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
