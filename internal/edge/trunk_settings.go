package edge

import (
	"slices"
	"strings"
)

// What a trunk says goes before what the edge says. A nil trunk says nothing.

// limitsOf returns the limits in force for calls of a trunk.
func (e *Edge) limitsOf(t *Trunk) Limits {
	l := e.cfg.Limits
	if t == nil {
		return l
	}
	override(&l.Attempts, t.Limits.Attempts)
	override(&l.Nesting, t.Limits.Nesting)
	override(&l.SetupTime, t.Limits.SetupTime)
	return l
}

func override[T comparable](v *T, by T) {
	var zero T
	if by != zero {
		*v = by
	}
}

// targetsOf returns which addresses requests of a trunk may go to.
func (e *Edge) targetsOf(t *Trunk) *Targets {
	if t != nil && t.Targets != nil {
		return t.Targets
	}
	return &e.cfg.Targets
}

// trunk returns the trunk of a call, nil if it has none or has ended.
func (rc *responseContext) trunk() *Trunk {
	if rc.in == nil {
		return nil
	}
	return rc.in.trunk
}

// limits returns the limits in force for this call.
func (rc *responseContext) limits() Limits { return rc.edge.limitsOf(rc.trunk()) }

// shown reports whether the policy sees header fields of that name.
func (rc *responseContext) shown(name string) bool {
	names := rc.edge.cfg.ShownHeaders
	if t := rc.trunk(); t != nil && t.ShownHeaders != nil {
		names = t.ShownHeaders
	}
	return slices.ContainsFunc(names, func(s string) bool { return strings.EqualFold(s, name) })
}

// allowedHeaders returns the names of what a decision may touch.
func (rc *responseContext) allowedHeaders() []string {
	if t := rc.trunk(); t != nil && t.AllowedHeaders != nil {
		return t.AllowedHeaders
	}
	return rc.edge.cfg.AllowedHeaders
}
