package expr

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

const (
	// MaxSource is the longest expression, and the longest template, in bytes.
	MaxSource = 4096
	// MaxText is the longest text that a template makes, in bytes.
	MaxText = 8192

	maxNesting = 64 // of parentheses, calls and operators
	maxLoops   = 3  // of all, exists, map, filter in one another
	maxNodes   = 4096

	// What the estimate of the cost counts on: bounds of the contract, and how
	// long a text is as a rule. A longer one costs more, but not much: it is
	// compared and searched at more than a byte per ns.
	maxItems   = 64
	maxHeaders = 256 // of a message
	usualText  = 512

	// maxCost is what an evaluation may cost at most, in the units of CEL, each
	// some 20 ns: 5 ms. What may cost more by the estimate is watched.
	maxCost = 250_000
	// maxEstimate is what an expression may cost by the estimate.
	maxEstimate = 5_000_000
)

// isLarge tells a question with more in it than the contract allows or the
// estimate counts on. What is evaluated over it is watched.
func isLarge(req *redirectv1.DecideRequest) bool {
	if len(req.GetAttempts()) > maxItems || len(req.GetRedirect().GetContacts()) > maxItems ||
		len(req.GetCall().GetHeaders()) > maxHeaders || len(req.GetCall().GetAttributes()) > maxItems {
		return true
	}
	return len(responseOf(req).GetHeaders()) > maxHeaders
}
