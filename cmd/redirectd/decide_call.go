package main

import (
	"net/netip"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// callOptions are the flags for what a SIP message does not say about its call.
type callOptions struct {
	profile, trunk, source, askedAt string
	attributes                      map[string]string
	at                              time.Time // askedAt, read
}

func (o *callOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.profile, "profile", "", "`name` of the profile; without it the policy's own choice")
	f.StringVar(&o.trunk, "trunk", "", "`name` of the trunk that the call came over")
	f.StringToStringVar(&o.attributes, "attribute", nil, "attribute of that trunk, `KEY=VALUE`; may be repeated")
	f.StringVar(&o.source, "source", "", "`ADDRESS:PORT` that the call came from; without it that of its Via")
	f.StringVar(&o.askedAt, "asked-at", "", "`time` of the question as in RFC 3339, 2026-11-28T12:00:00Z; without it now")
}

func (o *callOptions) validate() error {
	if o.source != "" {
		if _, err := netip.ParseAddrPort(o.source); err != nil {
			return usagef("--source %q is no ADDRESS:PORT, such as 192.0.2.1:5060 or [2001:db8::1]:5060", o.source)
		}
	}
	if o.askedAt != "" {
		at, err := time.Parse(time.RFC3339, o.askedAt)
		if err != nil {
			return usagef("--asked-at %q is no time as in RFC 3339; want one such as 2026-11-28T12:00:00Z", o.askedAt)
		}
		o.at = at
	}
	return nil
}

// apply writes into a question what flags say. A question without a call stays one:
// the policy says that it is missing.
func (o *callOptions) apply(q *redirectv1.DecideRequest) {
	call := q.GetCall()
	if call == nil {
		return
	}
	if o.profile != "" {
		call.Profile = o.profile
	}
	if o.trunk != "" {
		call.Trunk = o.trunk
	}
	if o.source != "" {
		call.SourceAddress = o.source
	}
	for key, value := range o.attributes {
		if call.Attributes == nil {
			call.Attributes = make(map[string]string)
		}
		call.Attributes[key] = value
	}
	if !o.at.IsZero() {
		q.AskedAt = timestamppb.New(o.at)
		if len(q.GetAttempts()) == 1 { // the first question about a call, made now
			call.ReceivedAt, q.Attempts[0].StartedAt = q.AskedAt, q.AskedAt
		}
	}
}
