package policy

import (
	"strconv"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// maxTargetBytes keeps an answer below the 64 KiB of the contract: 64 verdicts
// are 28 KiB at most, and the rest of the explanation 3 KiB.
const maxTargetBytes = 32 << 10

// limit is how many more targets may be tried, and by whose word.
type limit struct {
	used, max int // redirect attempts, by the profile
	left      int // attempts, by the profile and the edge
	byEdge    bool
	bytes     int // of targets
}

func newLimit(p *Profile, req *redirectv1.DecideRequest) limit {
	l := limit{used: usedAttempts(req.GetAttempts()), max: p.MaxAttempts, bytes: maxTargetBytes}
	l.left = max(l.max-l.used, 0)
	// An edge that states no limit keeps its own.
	if e := req.GetEdge(); e != nil && e.AttemptsLeft != nil && int64(e.GetAttemptsLeft()) < int64(l.left) {
		l.left, l.byEdge = int(e.GetAttemptsLeft()), true
	}
	l.left = min(l.left, maxTargets)
	return l
}

// exceeded says why no further target fits after so many taken ones; empty if
// one does.
func (l *limit) exceeded(taken, size int) (rule, text string) {
	switch {
	case taken >= l.left && l.byEdge:
		text = "attempt limit: the edge makes " + strconv.Itoa(l.left) + " more (edge.attempts_left)"
	case taken >= l.left:
		text = "attempt limit: " + strconv.Itoa(l.used) + " of " + strconv.Itoa(l.max) + " used (max_attempts)"
	case size > l.bytes:
		return "answer size", "size limit: " + strconv.Itoa(size) + " bytes more would make the answer longer than 64 KiB"
	default:
		return "", ""
	}
	if taken > 0 {
		text += ", what is left goes to targets before this one"
	}
	return "attempt limit", text
}
