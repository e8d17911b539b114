package message

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

// TestEdits compares bytes: what an edit is not about stays as it came.
func TestEdits(t *testing.T) {
	for _, c := range edits {
		t.Run(c.name, func(t *testing.T) {
			if c.old != "" && strings.Count(c.raw, c.old) != 1 {
				t.Fatalf("%q stands there %d times", c.old, strings.Count(c.raw, c.old))
			}
			m := mustParse(t, c.raw)
			e := m.Edit()
			c.edit(e)
			want := "prefix" + strings.Replace(c.raw, c.old, c.new, 1)
			for range 2 { // building changes nothing
				if got := string(e.Bytes([]byte("prefix"))); got != want {
					t.Errorf("got\n%s\nwant\n%s", show(got), show(want))
				}
			}
			if string(m.Raw()) != c.raw {
				t.Error("the received message was changed")
			}
		})
	}
}

// TestForwardInEveryForm forwards each form as a proxy does (16.6) and its
// answer back (16.7), and compares values.
func TestForwardInEveryForm(t *testing.T) {
	for form, raw := range messagetest.Variants(invite) {
		t.Run(form, func(t *testing.T) {
			m := mustParse(t, raw)
			e := m.Edit()
			e.SetRequestURI("sip:target@192.0.2.99")
			e.SetMaxForwards(69)
			e.PopRoutes(2)
			e.MarkReceived(testSource)
			e.PushVia("SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKours")
			e.PushRecordRoute("<sip:192.0.2.9:5060;lr>")
			e.Remove("Supported")
			forwarded := string(e.Bytes(nil))
			sent := mustParse(t, forwarded)
			want := read(m)
			want.URI, want.MaxForwards = "sip:target@192.0.2.99", 69
			want.Via = Via{Transport: "UDP", Host: "192.0.2.9", Port: 5060, Branch: "z9hG4bKours"}
			want.ViaCount++
			want.Vias[0] = "SIP/2.0/UDP192.0.2.1:5070;rport=9999;branch=z9hG4bKtop;received=198.51.100.7"
			want.Vias = append([]string{"SIP/2.0/UDP192.0.2.9:5060;branch=z9hG4bKours"}, want.Vias...)
			want.RecordRoutes = append([]string{"<sip:192.0.2.9:5060;lr>"}, want.RecordRoutes...)
			want.Routes = want.Routes[2:]
			want.Supported = nil
			compare(t, read(sent), want, forwarded)

			back := sent.Edit()
			back.PopVia()
			want.Vias, want.ViaCount = want.Vias[1:], want.ViaCount-1
			want.Via = Via{
				Transport: "UDP", Host: "192.0.2.1", Port: 5070, Branch: "z9hG4bKtop",
				Received: "198.51.100.7", RPort: 9999, HasRPort: true,
			}
			returned := string(back.Bytes(nil))
			compare(t, read(mustParse(t, returned)), want, returned)
		})
	}
}

// TestContactsKeptInEveryForm lets a 3xx pass with some of its contacts.
func TestContactsKeptInEveryForm(t *testing.T) {
	for form, raw := range messagetest.Variants(redirect) {
		t.Run(form, func(t *testing.T) {
			m := mustParse(t, raw)
			e := m.Edit()
			e.KeepContacts([]int{0, 2})
			want := read(m)
			want.Contact = []string{want.Contact[0], want.Contact[2]}
			got := string(e.Bytes(nil))
			compare(t, read(mustParse(t, got)), want, got)
		})
	}
}
