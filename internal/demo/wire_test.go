package demo

import (
	"slices"
	"strings"
	"testing"
)

func crlf(text string) []byte { return []byte(strings.ReplaceAll(text, "\n", "\r\n")) }

func TestReadSIP(t *testing.T) {
	m, err := readSIP(crlf("INVITE sip:bob@example.com SIP/2.0\nv: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\n" +
		"Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bK2\nt: <sip:bob@example.com;tag=no>\n ;tag=yes\ni : 1@x\n" +
		"m: <sip:a@b>\nContact: <sip:c@d>\nCSeq: 1 INVITE\n\nVia: a body"))
	if err != nil {
		t.Fatal(err)
	}
	if method, uri := m.requestLine(); method != "INVITE" || uri != "sip:bob@example.com" || m.status() != 0 {
		t.Errorf("start line read as %q %q %d", method, uri, m.status())
	}
	if m.branch() != "z9hG4bK1" || m.toTag() != "yes" || m.header("call-id") != "1@x" {
		t.Errorf("branch %q, tag %q, Call-ID %q", m.branch(), m.toTag(), m.header("call-id"))
	}
	if got := m.headers("Contact"); !slices.Equal(got, []string{"<sip:a@b>", "<sip:c@d>"}) {
		t.Errorf("contacts %q", got)
	}
	if got := len(m.headers("Via")); got != 2 {
		t.Errorf("%d Via, want 2 and none from the body", got)
	}
}

func TestReadSIPResponse(t *testing.T) {
	m, err := readSIP(crlf("SIP/2.0 302 Moved Temporarily\nCSeq: 7  INVITE\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	if m.status() != 302 || m.method() != "" || m.answers() != "INVITE" || m.toTag() != "" || m.branch() != "" {
		t.Errorf("read as %d %q for %q, tag %q, branch %q", m.status(), m.method(), m.answers(), m.toTag(), m.branch())
	}
}

func TestReadSIPRefuses(t *testing.T) {
	for _, text := range []string{
		"", "\n\n", "SIP/2.0 99 Low\n\n", "SIP/2.0 700 High\n\n", "SIP/2.0 abc\n\n", "SIP/2.0 20\n\n",
		"INVITE sip:a@b SIP/3.0\n\n", "INVITE sip:a@b\n\n", "SIP/2.0 200 OK\nCSeq: 1 INVITE\n", "SIP/2.0 200 OK\nno field\n\n",
		" \n\n", "SIP/2.0 200 OK\n folded under nothing\n\n",
	} {
		if m, err := readSIP(crlf(text)); err == nil {
			t.Errorf("%q was read as %+v", text, m)
		}
	}
}

func FuzzReadSIP(f *testing.F) {
	f.Add(crlf("INVITE sip:bob@example.com SIP/2.0\nVia: x;branch=1\nTo: <sip:b@x>;tag=1\n\n"))
	f.Add(crlf("SIP/2.0 302 Moved Temporarily\nContact: <sip:a@b>\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readSIP(b)
		if err != nil {
			return
		}
		if (m.status() == 0) == (m.method() == "") {
			t.Errorf("%q is neither a request nor a response, or both", m.start)
		}
		e := event{from: edgeName, to: "alice", msg: m}
		for _, text := range append(e.fields(), e.label(20), e.start(), m.branch(), m.toTag(), m.answers()) {
			if strings.Contains(text, "\r\n") {
				t.Errorf("%q spans lines", text)
			}
		}
	})
}
