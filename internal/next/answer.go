package next

// What an [Answer] says to do.
const (
	Try    = "try"    // send the request to the target
	Reject = "reject" // answer the caller with the status
	Pass   = "pass"   // send the caller the response with the status, which the client has received
)

// Answer is what comes next.
type Answer struct {
	Action string `json:"action"` // Try, Reject or Pass

	// Of Try: the Request-URI, and how to get there if not by it. Routes go into
	// Route header fields, in order. Onward: by the client's own route.
	Target  string   `json:"target,omitempty"`
	Routes  []string `json:"routes,omitempty"`
	NextHop string   `json:"next_hop,omitempty"`
	Onward  bool     `json:"onward,omitempty"`
	// How long to wait for any response, and for a final one. 0: as usual.
	ResponseTimeoutMs int64  `json:"response_timeout_ms,omitempty"`
	AnswerTimeoutMs   int64  `json:"answer_timeout_ms,omitempty"`
	Label             string `json:"label,omitempty"` // the policy's own word for the target
	// Token comes back with the question about how the target ended.
	Token string `json:"token,omitempty"`

	// Of Reject and Pass.
	Status int    `json:"status,omitempty"`
	Reason string `json:"reason,omitempty"`

	// Header fields of the request, or of the response: first all of these names are
	// removed, then these are added, "Name: value".
	RemoveHeaders []string `json:"remove_headers,omitempty"`
	AddHeaders    []string `json:"add_headers,omitempty"`

	// Why, for people: the rule of the policy and its reason.
	Rule string `json:"rule,omitempty"`
	Why  string `json:"why,omitempty"`
}
