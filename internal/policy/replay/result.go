package replay

import (
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/record"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Result is what became of one record.
type Result struct {
	// File and Line are where it stands.
	File string
	Line int
	// Recorded is the record; nil if there is a Fault.
	Recorded *record.Entry
	// Fault is why it could not be read.
	Fault *LineError
	// Answer is what the policy answers now; nil if there is none, because of Err.
	Answer *redirectv1.DecideResponse
	Err    error
	// Difference is in what the answers differ.
	Difference compare.Difference
	// Then and Now say why it was answered so, and why it is now.
	Then, Now Why
	// StateDropped says that the question had a policy_state of another policy, and
	// was asked without it.
	StateDropped bool
}

// Compared reports whether the answers say something about the policies: the
// record had a decision, or the policy's own word that there is none.
func (r *Result) Compared() bool {
	if r.Recorded == nil {
		return false
	}
	e := r.Recorded.Error
	return e == nil || e.Kind == record.UnknownProfile || e.Kind == record.InvalidRequest
}
