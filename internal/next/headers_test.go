package next_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/policy"
)

func add(name, value string) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Add{Add: &redirectv1.Header{Name: name, Value: value}}}
}

func set(name, value string) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: name, Value: value}}}
}

func remove(name string) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Remove{Remove: name}}
}

func copyOf(source redirectv1.MessageRef, name, rename string) *redirectv1.HeaderOp {
	return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Copy{Copy: &redirectv1.HeaderCopy{Source: source, Name: name, Rename: rename}}}
}

// TestHeaders: operations in order become removals and then additions, within what may
// be touched.
func TestHeaders(t *testing.T) {
	t.Parallel()
	request, reply, contact := redirectv1.MessageRef_MESSAGE_REF_REQUEST, redirectv1.MessageRef_MESSAGE_REF_RESPONSE, redirectv1.MessageRef_MESSAGE_REF_CONTACT
	for _, c := range []struct {
		name           string
		ops            []*redirectv1.HeaderOp
		removed, added []string
	}{
		{"in order", []*redirectv1.HeaderOp{add("X-A", "1"), remove("x-a"), add("X-A", "2"), set("X-B", "3"), add("X-B", "4")}, []string{"x-a", "X-B"}, []string{"X-A: 2", "X-B: 3", "X-B: 4"}},
		{"what makes the message", []*redirectv1.HeaderOp{add("Via", "1"), set("Route", "1"), remove("Contact"), add("f", "1"), add("Subject", "1")}, nil, nil},
		{"copies", []*redirectv1.HeaderOp{copyOf(request, "X-Tenant", "X-Of"), copyOf(reply, "Identity", ""), copyOf(contact, "Reason", "")}, nil, []string{"X-Of: a", "Identity: abc", "Reason: SIP;cause=302"}},
		{"dangerous ones of a contact", []*redirectv1.HeaderOp{copyOf(contact, "Date", "")}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
				d := tryAll("sip:a@192.0.2.1", "sip:b@192.0.2.1")
				for _, target := range d.GetTryTargets().GetTargets() {
					target.HeaderOps, target.Contact = c.ops, &redirectv1.ContactRef{}
				}
				return d, nil
			})
			q := redirected("<sip:a@192.0.2.101?Reason=SIP%3Bcause%3D302&Date=now>")
			q.Response = strings.Replace(q.Response, "Contact:", "Identity: abc\nContact:", 1)
			client := newClient(t, p)
			check := func(a *next.Answer) {
				t.Helper()
				if a.Action != next.Try || !slices.Equal(a.RemoveHeaders, c.removed) || !slices.Equal(a.AddHeaders, c.added) {
					t.Errorf("removed %q, added %q\nwant %q and %q", a.RemoveHeaders, a.AddHeaders, c.removed, c.added)
				}
			}
			check(client.ask(q))
			check(client.ended(next.Question{Status: 404})) // it has travelled in the token
			q.AllowedHeaders = []string{"P-*"}
			if a := client.ask(q); a.RemoveHeaders != nil || a.AddHeaders != nil {
				t.Errorf("not allowed: removed %q, added %q", a.RemoveHeaders, a.AddHeaders)
			}
			q.AllowedHeaders, q.Features = nil, []string{"routes"}
			if a := client.ask(q); a.RemoveHeaders != nil || a.AddHeaders != nil {
				t.Errorf("of no use to the client: removed %q, added %q", a.RemoveHeaders, a.AddHeaders)
			}
		})
	}
}
