// Package report turns the results of runs into medians, ratios, tables and a plot.
package report

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/redirectd/redirectd/bench/probe"
)

// The systems: ours, the peers, and the two ends of what is possible.
const (
	None            = "no edge" // the probe follows the 3xx itself
	Floor           = "floor"   // a relay without a SIP stack
	Kamailio        = "kamailio"
	KamailioHTTP    = "kamailio + http policy"
	KamailioLogged  = "kamailio, accounting"
	Sipedge         = "sipedge"
	SipedgeTCP      = "sipedge + redirectd"
	SipedgeUnix     = "sipedge + redirectd, unix"
	SipedgeLogged   = "sipedge, logging"
	RedirectdLogged = "sipedge + redirectd, logging"

	Echo           = "bare grpc echo"
	Redirectd      = "redirectd"
	RedirectdQuiet = "redirectd, no log"
	RedirectdRules = "redirectd, twenty rules"
)

// Kind is the question that a run answers.
type Kind string

// The kinds of runs.
const (
	Calls    Kind = "calls"    // calls at a rate: CPU, latency, allocations
	Minute   Kind = "minute"   // the same for 60 s: memory
	Ringing  Kind = "ringing"  // calls in progress: memory, and CPU beside them
	Highest  Kind = "highest"  // the highest rate without failures and retransmissions
	Decision Kind = "decision" // a policy alone
)

// Result is one run, a line of results.jsonl. CPU is in seconds for 1,000 calls
// (microseconds for one decision are the same as ms for 1,000).
type Result struct {
	Kind       Kind
	System     string
	Work       string
	Rate       int `json:",omitempty"` // calls/s; of a decision: in flight
	Repetition int

	Calls           int     `json:",omitempty"`
	Offered         float64 `json:",omitempty"` // calls/s that the callers reached
	Failed          int     `json:",omitempty"`
	Retransmissions int     `json:",omitempty"` // of the callers
	Repeats         int     `json:",omitempty"` // INVITEs that the responder got beyond those of the calls
	Error           string  `json:",omitempty"` // why there are no figures

	EdgeCPU       float64 `json:",omitempty"`
	PolicyCPU     float64 `json:",omitempty"`
	Allocations   float64 `json:",omitempty"` // of edge and policy, for one call; ours only
	Collector     float64 `json:",omitempty"` // share of their CPU that the garbage collector took
	PSS           float64 `json:",omitempty"` // bytes of edge and policy
	Ringing       int     `json:",omitempty"`
	RingingBytes  float64 `json:",omitempty"` // for one ringing call
	HighestRate   float64 `json:",omitempty"` // calls/s
	DecisionRate  float64 `json:",omitempty"` // decisions/s
	DecisionCPU   float64 `json:",omitempty"` // microseconds of the policy's CPU for one
	CallerLimited bool    `json:",omitempty"` // the load generator was at its end first

	Probe *probe.Result `json:",omitempty"`
}

// Clean reports whether nothing was lost or repeated: only then are its figures
// those of the work that the others did.
func (r *Result) Clean() bool {
	lost := r.Failed > 0 || r.Retransmissions > 0 || r.Repeats > 0 || r.Error != ""
	return !lost && (r.Probe == nil || r.Probe.OK == r.Probe.Calls)
}

// CPU is that of the edge and of the policy.
func (r *Result) CPU() float64 { return r.EdgeCPU + r.PolicyCPU }

// WriteLines writes results as JSON, one in a line.
func WriteLines(w io.Writer, all []Result) error {
	encoder := json.NewEncoder(w)
	for i := range all {
		if err := encoder.Encode(&all[i]); err != nil {
			return err
		}
	}
	return nil
}

// ReadLines reads what [WriteLines] wrote.
func ReadLines(r io.Reader) (all []Result, err error) {
	decoder := json.NewDecoder(r)
	for {
		var result Result
		switch err := decoder.Decode(&result); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, result)
	}
}
