package edge

import (
	"strings"
	"testing"
)

func TestRealmOf(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`Digest realm="atlanta.example.com", nonce="84a4", qop="auth"`:                    "atlanta.example.com",
		`Digest username="a", realm="b.example", nonce="n", uri="sip:x@y", response="00"`: "b.example",
		`digest REALM = "x"`:                  "x",
		"Digest\trealm=\"x\"\t,\tnonce=\"n\"": "x",
		`Digest realm=""`:                     "",
		`Digest realm="a, realm=\"b\""`:       `a, realm="b"`,
		`Digest realm="\a\\b"`:                `a\b`,
		`Digest username="\", realm=x", qop=auth, nc=00000001, realm="real"`: "real",
		`Digest realm=token, nonce="n"`:                                      "token",
		`Digest realm="x", , nonce="n",`:                                     "x",
		`Digest nonce="a=b,c", realm="ü"`:                                    "ü",
		`Basic realm="WallyWorld"`:                                           "WallyWorld",
		`Bearer authz_server="https://as", scope="sip", realm="r"`:           "r",
	} {
		if got, ok := realmOf(value); !ok || got != want {
			t.Errorf("realm of %s is %q, %v; want %q", value, got, ok, want)
		}
	}
	for _, value := range []string{
		"", "Digest", "Digest ", `realm="x"`, `Digestrealm="x"`, ` Digest realm="x"`,
		"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic YQ=", `Digest username="a", nonce="n"`,
		`Digest realm="x`, `Digest realm="x\`, `Digest realm="x\"`, `Digest realm`, `Digest realm=`, `Digest realm=,`,
		`Digest realm="x" nonce="n"`, `Digest realm="x"y`, `Digest realm=x"y"`, `Digest a=b\, realm="x"`,
		`Digest realm="x", realm="x"`, `Digest realm="x", Digest realm="y"`, `Digest realm="x", ="y"`,
		`Digest realm="x", nonce="n`, `Digest r"ealm="x"`, "Digest realm\x00=\"x\"",
	} {
		if got, ok := realmOf(value); ok {
			t.Errorf("realm of %q is %q, want none", value, got)
		}
	}
}

// FuzzRealmOf puts what is read into credentials of its own: it must be read from
// there again, whatever stands around it, and there can't be two.
func FuzzRealmOf(f *testing.F) {
	f.Add(`Digest realm="a, realm=\"b\"", nonce="n"`)
	f.Add(`Digest username="\", realm=x", realm=y`)
	f.Add("Basic QQ==")
	f.Fuzz(func(t *testing.T, value string) {
		realm, ok := realmOf(value)
		if !ok {
			if realm != "" {
				t.Errorf("%q has no realm and yet %q", value, realm)
			}
			return
		}
		if !strings.Contains(strings.ToLower(value), "realm") {
			t.Errorf("%q has no realm, got %q", value, realm)
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(realm) + `"`
		again := `Digest username="\"realm=z,", realm=` + quoted + `, nonce="n"`
		if got, ok := realmOf(again); !ok || got != realm {
			t.Errorf("%s has the realm %q, %v; want %q", again, got, ok, realm)
		}
		if got, ok := realmOf(value + `, realm="other"`); ok {
			t.Errorf("%q with a second realm has %q", value, got)
		}
	})
}
