package policy

import (
	"context"
	"fmt"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/version"
)

// ContractRevision is the revision of the contract that the built-in policy was
// written against.
const ContractRevision = "1.0"

// Builtin is the policy that is built in: it tries the contacts of a 3xx one
// after the other as its profiles say. It is pure: the same question has the
// same answer. It is immutable and safe for concurrent use.
type Builtin struct {
	profiles map[string]*Profile
	names    []string // in the order of the file
	unnamed  *Profile // for a call that names no profile; nil if there is none
	revision string
	version  string
}

var _ Policy = (*Builtin)(nil)

// NewBuiltin returns the built-in policy with a configuration, which must not
// change any more; nil is [DefaultConfig].
func NewBuiltin(cfg *Config) *Builtin {
	if cfg == nil {
		cfg = DefaultConfig()
	}
	b := &Builtin{
		profiles: make(map[string]*Profile, len(cfg.Profiles)),
		revision: cfg.Revision,
		version:  version.String(),
	}
	for i := range cfg.Profiles {
		p := &cfg.Profiles[i]
		b.profiles[p.Name] = p
		b.names = append(b.names, p.Name)
	}
	b.unnamed = cfg.Unnamed()
	return b
}

// Unnamed returns the profile for a call that names none: [DefaultProfile], or the
// first if there is none of that name; nil if there is none at all.
func (c *Config) Unnamed() *Profile {
	for i := range c.Profiles {
		if c.Profiles[i].Name == DefaultProfile {
			return &c.Profiles[i]
		}
	}
	if len(c.Profiles) > 0 {
		return &c.Profiles[0]
	}
	return nil
}

// Info says who answers, as GetPolicyInfo has it.
func (b *Builtin) Info() *redirectv1.GetPolicyInfoResponse {
	return &redirectv1.GetPolicyInfoResponse{
		Name:             "redirectd",
		Version:          b.version,
		ConfigRevision:   b.revision,
		ContractRevision: ContractRevision,
	}
}

// Decide implements [Policy]. The errors are [ErrUnknownProfile],
// [ErrInvalidRequest] and those of ctx.
func (b *Builtin) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := validate(req); err != nil {
		return nil, err
	}
	p, err := b.profile(req.GetCall().GetProfile())
	if err != nil {
		return nil, err
	}
	d := newDecision(p, req)
	var resp *redirectv1.DecideResponse
	switch event := req.GetEvent().(type) {
	case *redirectv1.DecideRequest_Redirect:
		resp, err = d.redirect(ctx, event.Redirect)
	case *redirectv1.DecideRequest_Advice:
		resp = d.advice(event.Advice)
	default:
		resp, err = d.failure(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, note := range d.notes {
		resp.Explanation.Text += "; " + note
	}
	fit(resp.GetExplanation())
	resp.Explanation.PolicyVersion = b.version
	resp.Explanation.ConfigRevision = b.revision
	return resp, nil
}

// profile returns the profile that a call names, by default "default" or the
// first one.
func (b *Builtin) profile(name string) (*Profile, error) {
	p := b.unnamed
	if name != "" {
		p = b.profiles[name]
	}
	if p == nil {
		return nil, fmt.Errorf("%w %q; there are: %s", ErrUnknownProfile, clean(name),
			clean(strings.Join(b.names, ", ")))
	}
	return p, nil
}
