package demo

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
)

// changed returns a wrapper that changes the answers of a policy.
func changed(change func(*redirectv1.DecideResponse)) func(policy.Policy) policy.Policy {
	return func(p policy.Policy) policy.Policy {
		return policy.Func(func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			resp, err := p.Decide(ctx, req)
			if err == nil {
				change(resp)
			}
			return resp, err
		})
	}
}

// TestBrokenNetworkFails breaks one thing at a time. The demo must say so, name
// the row, and draw what happened rather than what should have.
func TestBrokenNetworkFails(t *testing.T) {
	tests := []struct {
		name, row string
		options   Options
		want      string   // in the error
		shown     []string // in the output
		hidden    string   // not in it
	}{
		{
			name: "targets in the wrong order", row: "300",
			options: Options{wrap: changed(func(d *redirectv1.DecideResponse) { slices.Reverse(d.GetTryTargets().GetTargets()) })},
			want:    "expected INVITE 2 of 4 to bob sip:bob@127.0.0.1:",
			shown:   []string{"200 OK from dave, after 1 redirect attempt", "INVITE sip:dave@127.0.0.1:"},
			hidden:  "INVITE sip:bob@127.0.0.1:",
		},
		{
			name: "a 3xx reaches the caller", row: "302",
			options: Options{wrap: changed(func(d *redirectv1.DecideResponse) {
				d.Action = &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{}}
			})},
			want:  "expected 200 from dave at alice, got 302 from north",
			shown: []string{"expected that no 3xx reaches alice, got 302 Moved Temporarily", "let it pass"},
		},
		{
			name: "a target that the 3xx does not name", row: "301",
			options: Options{wrap: changed(func(d *redirectv1.DecideResponse) {
				target := d.GetTryTargets().GetTargets()[0]
				target.Uri = strings.Replace(target.GetUri(), "dave", "mallory", 1)
			})},
			want:  "got dave sip:mallory@127.0.0.1:",
			shown: []string{"INVITE sip:mallory@127.0.0.1:"},
		},
		{
			name: "305 followed as if it were 302", row: "305",
			options: Options{wrap: changed(func(d *redirectv1.DecideResponse) {
				target := d.GetTryTargets().GetTargets()[0]
				target.Uri, target.Routes = target.GetRoutes()[0], nil
			})},
			want:   "expected INVITE 2 of 2 to proxy sip:erin@example.com Route <sip:127.0.0.1:",
			hidden: "Route: <",
		},
		{
			name: "the next hop is a phone", row: "302",
			options: Options{configure: func(n *network, c *edge.Config) { c.NextHop = []string{n.expand("sip:{dave}")} }},
			want:    "expected INVITE 1 of 2 to north sip:desk@example.com, got dave sip:desk@example.com",
			shown:   []string{"no redirect attempt", "not asked"},
			hidden:  "Contact: <",
		},
		{
			name: "nobody at the next hop", row: "302",
			options: Options{configure: func(_ *network, c *edge.Config) { c.NextHop = []string{"sip:127.0.0.1:1"} }},
			want:    "expected 200 from dave at alice, got 500 from sipedge",
			shown:   []string{"expected INVITE 1 of 2 to north sip:desk@example.com, got nobody"},
		},
		{
			name: "fewer attempts than the profile allows", row: "limit",
			options: Options{configure: func(_ *network, c *edge.Config) { c.Limits.Attempts = 4 }},
			want:    "expected 486 from lines at alice, got 500 from sipedge",
			shown:   []string{"500 Server Internal Error from sipedge itself, after 3 redirect attempts"},
		},
		{
			name: "no decision", row: "301",
			options: Options{wrap: func(policy.Policy) policy.Policy {
				return policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
					return nil, errors.New("the dog ate it")
				})
			}},
			want:  "expected 200 from dave at alice, got 410 from sipedge",
			shown: []string{"the dog ate it", "expected questions to redirectd over gRPC: 1, got 0"},
		},
		{
			name: "a policy that decides when it is down", row: "policy-down",
			options: Options{wrap: func(policy.Policy) policy.Policy { return policy.NewBuiltin(nil) }},
			want:    "expected 480 from sipedge at alice, got 200 from dave",
			shown:   []string{"expected no decision from a redirectd that is down, got one"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.options.Only = []string{test.row}
			var out bytes.Buffer
			err := Run(t.Context(), &out, test.options)
			if err == nil {
				t.Fatalf("no error:\n%s", out.String())
			}
			if !strings.Contains(err.Error(), test.row+" (expected") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want the row %s and %q", err, test.row, test.want)
			}
			for _, want := range append(test.shown, "✗ 1 of 1 calls") {
				if !strings.Contains(out.String(), want) {
					t.Errorf("the output has no %q:\n%s", want, out.String())
				}
			}
			if test.hidden != "" && strings.Contains(out.String(), test.hidden) {
				t.Errorf("the output has %q, which was never on a socket:\n%s", test.hidden, out.String())
			}
			checkLines(t, out.String())
		})
	}
}
