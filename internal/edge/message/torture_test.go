package message

import (
	"slices"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

// torture says what becomes of the messages of RFC 4475: "" is taken and
// forwarded, else status and reason. What a proxy does not act on is not its
// business (16.3 step 1), so that it takes more than an endpoint would.
var torture = map[string]string{
	"wsinv": "", "esc01": "", "esc02": "", "escnull": "", "lwsdisp": "", "longreq": "", "dblreq": "", "semiuri": "",
	"intmeth":    "",
	"transports": "", "mpart01": "", "unreason": "", "noreason": "",
	"badinv01":   "400 Bad Via",
	"clerr":      "400 Bad Content-Length",
	"ncl":        "400 Bad Content-Length",
	"scalar02":   "400 Bad CSeq",
	"scalarlg":   "400 Bad CSeq",
	"quotbal":    "400 Bad To",
	"ltgtruri":   "400 Bad Request-URI",
	"lwsruri":    "400 Bad Request-URI",
	"lwsstart":   "400 Bad Request-URI",
	"trws":       "400 Bad Request-Line",
	"badvers":    "505 Version Not Supported",
	"mismatch01": "400 Bad CSeq",
	"mismatch02": "400 Bad CSeq",
	"bigcode":    "400 Bad Status-Line",
	"insuf":      "400 Missing From",
	"multi01":    "400 Repeated CSeq",
	"mcl01":      "400 Repeated Content-Length",
	"baddn":      "400 Missing Empty Line", // in this copy only: see TestTortureBaddn
	"escruri":    "", "baddate": "", "regbadct": "", "badaspec": "", "badbranch": "", "unkscm": "", "novelsc": "", "unksm2": "",
	"bext01": "", "invut": "", "regaut01": "", "bcast": "", "zeromf": "", "cparam01": "", "cparam02": "", "regescrt": "",
	"sdp01": "", "inv2543": "",
	"test": "400 Bad Request-Line", // not of the RFC
}

func TestTorture(t *testing.T) {
	messages := messagetest.Torture(t)
	if len(messages) != len(torture) {
		t.Errorf("%d messages, the table has %d", len(messages), len(torture))
	}
	for name, raw := range messages {
		t.Run(name, func(t *testing.T) {
			want, known := torture[name]
			switch {
			case !known:
				t.Fatal("it is not in the table")
			case want != "":
				_, err := parseError(t, raw)
				if !strings.HasPrefix(err.Error(), want+": ") {
					t.Errorf("error is %v, want %s", err, want)
				}
			default:
				m := mustParse(t, raw)
				if got := string(m.Edit().Bytes(nil)); got != string(m.Raw()) || !strings.HasPrefix(raw, got) {
					t.Errorf("without edits:\n%s\nwant\n%s", show(got), show(raw))
				}
			}
		})
	}
}

// TestTortureBaddn: sipgo's copy ends without the empty line that it has in
// the RFC; with it, it is forwarded.
func TestTortureBaddn(t *testing.T) {
	m := mustParse(t, messagetest.Torture(t)["baddn"]+"\r\n")
	if m.FromTag() != "43" || m.From() != "Bell, Alexander <sip:a.g.bell@example.com>;tag=43" {
		t.Errorf("From is %q with the tag %q", m.From(), m.FromTag())
	}
}

// TestTortureInEveryForm: what can be read reads the same in every form.
func TestTortureInEveryForm(t *testing.T) {
	messages := messagetest.Torture(t)
	for name, want := range torture {
		// These have separators only, or a form that a rewriting would repair.
		if want != "" || slices.Contains([]string{"wsinv", "regbadct"}, name) {
			continue
		}
		for form, raw := range messagetest.Variants(messages[name]) {
			t.Run(name+" "+form, func(t *testing.T) {
				compare(t, read(mustParse(t, raw)), read(mustParse(t, messages[name])), raw)
			})
		}
	}
}

// TestTortureWsinv reads RFC 4475 3.1.1.1, all of whose white space is legal.
func TestTortureWsinv(t *testing.T) {
	m := mustParse(t, messagetest.Torture(t)["wsinv"])
	cseq, method := m.CSeq()
	hops, _ := m.MaxForwards()
	if m.FromTag() != "98asjd8" || m.ToTag() != "1918181833n" || cseq != 9 || method != "INVITE" || hops != 68 ||
		m.CallID() != "wsinv.ndaksdj@192.0.2.1" || len(m.Body()) != 150 || m.ViaCount() != 3 {
		t.Errorf("read %+v", read(m))
	}
	if want := (Via{Transport: "UDP", Host: "192.0.2.2", Branch: "390skdjuw"}); m.TopVia() != want {
		t.Errorf("top Via is %+v, want %+v", m.TopVia(), want)
	}
	for i, want := range []Via{
		{Transport: "TCP", Host: "spindle.example.com", Branch: "z9hG4bK9ikj8"},
		{Transport: "UDP", Host: "192.168.255.111", Branch: "z9hG4bK30239"},
	} {
		e := m.Edit()
		for range i + 1 {
			e.PopVia()
		}
		got := mustParse(t, string(e.Bytes(nil)))
		if got.TopVia() != want || got.ViaCount() != 2-i {
			t.Errorf("after %d: top Via is %+v of %d, want %+v", i+1, got.TopVia(), got.ViaCount(), want)
		}
	}
	contacts, _ := m.Contacts(9)
	if len(contacts) != 1 || contacts[0].Err != nil || contacts[0].NameAddr.Display != `Quoted string ""` || contacts[0].Q != 330 {
		t.Errorf("contacts are %+v", contacts)
	}
	if got, _ := m.Header("NewFangledHeader"); got != "newfangled value continued newfangled value" {
		t.Errorf("NewFangledHeader is %q", got)
	}
}
