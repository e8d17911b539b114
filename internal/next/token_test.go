package next_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/policy"
)

const foreign = "token: it was not made here, or was changed (do all replicas have the same --http-secrets?)"

// TestTokenIsNotForged: whatever is changed of it, it does not count.
func TestTokenIsNotForged(t *testing.T) {
	t.Parallel()
	c := builtin(t, plain)
	c.ask(redirected("<sip:a@192.0.2.101>", "<sip:b@192.0.2.102>"))
	token := c.token
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "v1."))
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] ^= 1
		c.expectError(&next.Question{Token: "v1." + base64.RawURLEncoding.EncodeToString(b), Status: 486}, foreign)
		b[i] ^= 1
	}
	for _, bad := range []string{"v1.", "v1.AAAA", "v1.====", token[:len(token)-1], token + "A", token + "=", strings.ToUpper("v1") + token[2:]} {
		want := foreign
		if !strings.HasPrefix(bad, "v1.") {
			want = "token: want one that begins with v1., the version that is known here"
		}
		c.expectError(&next.Question{Token: bad, Status: 486}, want)
	}
	c.expectError(&next.Question{Token: "v1." + strings.Repeat("A", next.MaxToken), Status: 486}, "token: it has 32771 bytes, more than 32768")
	c.token = token
	c.expectTarget(c.ended(next.Question{Status: 486}), "sip:b@192.0.2.102")
}

// TestTokenExpires a quarter of an hour after the answer that it came with.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	c := newClient(t, endless)
	c.ask(redirected("<sip:a@192.0.2.101>"))
	c.now = c.now.Add(next.TokenLife - time.Second)
	c.expectEnd(c.ask(&next.Question{Token: c.token, Status: 486}), next.Pass, 486, "Busy Here")
	c.ask(redirected("<sip:a@192.0.2.101>"))
	c.now = c.now.Add(next.TokenLife)
	c.expectError(&next.Question{Token: c.token, Status: 486}, "token: it has expired 0s ago: it counts for 15m0s")
}

// TestSecretsAreShared: any replica that has the secret opens the token, and a secret
// is replaced without the loss of a call.
func TestSecretsAreShared(t *testing.T) {
	t.Parallel()
	before, after := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	with := func(secrets ...[]byte) *client {
		c := newClient(t, endless)
		c.server.Sealer = next.NewSealer(secrets)
		return c
	}
	a, b := with(before), with(after, before)
	a.ask(redirected("<sip:a@192.0.2.101>"))
	b.token = a.token
	b.expectEnd(b.ended(next.Question{Status: 486}), next.Pass, 486, "Busy Here")
	b.ask(redirected("<sip:a@192.0.2.101>"))
	a.expectError(&next.Question{Token: b.token, Status: 486}, foreign)
	with(before, after).expectEnd(with(before, after).ask(&next.Question{Token: b.token, Status: 486}), next.Pass, 486, "Busy Here")
	newClient(t, endless).expectError(&next.Question{Token: b.token, Status: 486}, foreign)
}

// TestTokenIsSmall: a usual call of ten targets fits into a line of a log.
func TestTokenIsSmall(t *testing.T) {
	t.Parallel()
	var contacts []string
	for i := range 10 {
		contacts = append(contacts, fmt.Sprintf("<sip:+1555010%d@gw%d.example.com;transport=tcp>;q=0.%d", i, i, i))
	}
	c := builtin(t, plain)
	c.ask(redirected(contacts...))
	if n := len(c.token); n > 2000 {
		t.Errorf("%d bytes", n)
	}
}

// TestTokenIsBounded: what does not fit is an error, and no token of which a part is
// missing.
func TestTokenIsBounded(t *testing.T) {
	t.Parallel()
	c := newClient(t, policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return tryAll("sip:a@192.0.2.1"), nil
	}))
	q := redirected("<sip:a@192.0.2.101>")
	var noise strings.Builder
	for i := range 7500 {
		fmt.Fprintf(&noise, "%x", uint32(i)*2654435761)
	}
	q.Invite += "X-Noise: " + noise.String() + "\n"
	_, err := c.server.Next(t.Context(), q)
	if err == nil || !strings.Contains(err.Error(), "more than 32768: what is remembered of the call is too long") {
		t.Errorf("error %v", err)
	}
}
