package message

import (
	"bytes"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

// FuzzParse: reading never panics and never invents; what was taken is
// forwarded as it came, and reads the same after a proxy's edits; what was
// refused can be answered with a sound message.
func FuzzParse(f *testing.F) {
	for _, raw := range []string{invite, redirect, request("Timestamp: 1")} {
		for _, form := range messagetest.Variants(raw) {
			f.Add([]byte(form))
		}
	}
	for _, raw := range messagetest.Torture(f) {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		kept := bytes.Clone(raw)
		var m Message
		err := m.Parse(raw)
		touch(&m)
		if m.Answerable() {
			checkAnswer(t, &m)
		}
		if err == nil {
			checkForward(t, &m)
		}
		checkFrame(t, raw)
		if !bytes.Equal(raw, kept) {
			t.Error("the bytes given to Parse were changed")
		}
	})
}

// touch calls what reads lazily, also on messages that were refused.
func touch(m *Message) {
	m.Contacts(8)
	m.ViaCount()
	m.From()
	for name, value := range m.Fields() {
		m.Values(name)
		m.Header(name)
		_, _ = ParseNameAddr(value)
	}
	m.Clone()
	m.Edit().Bytes(nil)
}

func checkAnswer(t *testing.T, m *Message) {
	t.Helper()
	text := Response(nil, m, netip.MustParseAddrPort("192.0.2.1:5060"), 400, "", "tag-1", Header{"X", "y"})
	rest := bytes.ReplaceAll(text, []byte("\r\n"), nil)
	if bytes.ContainsAny(rest, "\r\n") || bareNUL(string(text)) >= 0 {
		t.Errorf("bare CR, LF or NUL in %q", text)
	}
	if len(text) > MaxHead { // a request that fills a datagram
		return
	}
	if n, err := FrameLength(text); n != len(text) || err != nil {
		t.Errorf("%d bytes framed as %d, %v: %q", len(text), n, err, text)
	}
}

func checkForward(t *testing.T, m *Message) {
	t.Helper()
	if got := m.Edit().Bytes(nil); !bytes.Equal(got, m.Raw()) {
		t.Errorf("without edits %q became %q", m.Raw(), got)
	}
	if len(m.Raw()) > MaxSize-200 || len(m.fields) > MaxFields-4 {
		return
	}
	e := m.Edit()
	e.PushVia("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKours")
	e.PushRecordRoute("<sip:192.0.2.9;lr>")
	e.EnsureContentLength()
	e.SetMaxForwards(5)
	got, want := new(Message), read(m)
	if err := got.Parse(e.Bytes(nil)); err != nil {
		t.Fatalf("forwarded %q: %v", e.Bytes(nil), err)
	}
	want.Via = Via{Transport: "UDP", Host: "192.0.2.9", Branch: "z9hG4bKours"}
	want.ViaCount++
	want.Vias = slices.Insert(want.Vias, 0, "SIP/2.0/UDP192.0.2.9;branch=z9hG4bKours")
	want.RecordRoutes = slices.Insert(want.RecordRoutes, 0, "<sip:192.0.2.9;lr>")
	want.HasLength, want.MaxForwards, want.HasMaxForwards = true, 5, true
	if now := read(got); !reflect.DeepEqual(now, want) {
		t.Errorf("forwarded %q reads\n%+v\nwant\n%+v", got.Raw(), now, want)
	}
	checkMark(t, m)
}

// checkMark: a marked Via goes back to where the request came from.
func checkMark(t *testing.T, m *Message) {
	t.Helper()
	e := m.Edit()
	e.MarkReceived(netip.MustParseAddrPort("198.51.100.7:9999"))
	got := new(Message)
	if err := got.Parse(e.Bytes(nil)); err != nil {
		t.Fatalf("marked %q: %v", e.Bytes(nil), err)
	}
	via, before := got.TopVia(), m.TopVia()
	if via.Received != "198.51.100.7" && via.Host != "198.51.100.7" {
		t.Errorf("marked %q: received is %q", got.Raw(), via.Received)
	}
	if via.HasRPort != before.HasRPort || via.HasRPort && via.RPort != 9999 {
		t.Errorf("marked %q: rport is %d, %v", got.Raw(), via.RPort, via.HasRPort)
	}
	if via.Branch != before.Branch || got.ViaCount() != m.ViaCount() {
		t.Errorf("marked %q: %+v of %d, before %+v of %d", got.Raw(), via, got.ViaCount(), before, m.ViaCount())
	}
}

// checkFrame: the framer and the reader agree on where a message ends.
func checkFrame(t *testing.T, raw []byte) {
	t.Helper()
	n, err := FrameLength(raw)
	if err != nil || n == 0 {
		return
	}
	var m Message
	if m.Parse(raw[:n]) == nil && len(m.Raw()) != len(strings.TrimLeft(string(raw[:n]), "\r\n")) {
		t.Errorf("%q is framed as %d bytes and read as %d", raw, n, len(m.Raw()))
	}
}
