package locate

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

func parse(t testing.TB, text string) *sipuri.URI {
	t.Helper()
	uri, err := sipuri.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &uri
}

func TestNumeric(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sip:a@192.0.2.1":                        "udp 192.0.2.1:5060",
		"sip:a@192.0.2.1:5070":                   "udp 192.0.2.1:5070",
		"sip:a@192.0.2.1;transport=TCP":          "tcp 192.0.2.1:5060",
		"sip:[2001:db8::1]:5070":                 "udp [2001:db8::1]:5070",
		"sip:[::ffff:192.0.2.1]":                 "udp 192.0.2.1:5060",
		"sip:a@example.com;maddr=192.0.2.9":      "udp 192.0.2.9:5060",
		"sip:a@example.com:5070;maddr=192.0.2.9": "udp 192.0.2.9:5070",
		"sip:a@example.com":                      "",
		"sip:a@192.0.2.1;transport=sctp":         "",
		"sips:a@192.0.2.1":                       "tls 192.0.2.1:5061 (192.0.2.1)",
		"sips:a@192.0.2.1;transport=ws":          "wss 192.0.2.1:443 (192.0.2.1)",
		"sips:a@192.0.2.1;transport=udp":         "",
		"sips:a@Example.com.;maddr=192.0.2.9":    "tls 192.0.2.9:5061 (example.com)",
		"sip:a@example.com;maddr=[2001:db8::1]":  "udp [2001:db8::1]:5060",
	} {
		hop, ok := Numeric(parse(t, text))
		got := ""
		if ok {
			got = hop.String()
		}
		if got != want {
			t.Errorf("%s goes to %q, want %q", text, got, want)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	if k, err := Kind(parse(t, "sip:a@b;transport=tls")); k != transport.TLS || err != nil {
		t.Errorf("transport=tls: %v, %v", k, err)
	}
	if _, err := Kind(parse(t, "sip:a@b;transport=sctp")); err == nil || !strings.Contains(err.Error(), `"sctp"`) {
		t.Errorf("transport=sctp: %v", err)
	}
}
