package locate

import "time"

// Failed remembers that an address could not be reached.
func (r *Resolver) Failed(h Hop) { r.unreachable.Set(h, r.now().Add(r.cfg.UnreachableFor)) }

// Answered forgets that an address could not be reached.
func (r *Resolver) Answered(h Hop) { r.unreachable.Invalidate(h) }

// Unreachable reports whether an address could not be reached a short while ago
// ([Config.UnreachableFor]). At most 4096 are remembered.
func (r *Resolver) Unreachable(h Hop) bool { return r.unreachableAt(h, r.now()) }

func (r *Resolver) unreachableAt(h Hop, now time.Time) bool {
	until, ok := r.unreachable.GetIfPresent(h)
	return ok && now.Before(until)
}
