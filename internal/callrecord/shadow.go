package callrecord

// Shadow is a question that the shadow policy (policy.shadow) answers otherwise than
// the first policy, whose answer was used.
type Shadow struct {
	// Kind is "shadow".
	Kind Kind `json:"kind" personal:"no"`
	// Schema is the version of this record, 1.
	Schema int `json:"schema"`
	// Time is when the answers were compared, by the clock of the edge.
	Time Time `json:"time" personal:"no"`
	// Edge is who wrote it.
	Edge Edge `json:"edge"`
	// RequestID is the request_id of the question: that of a decision in the record of
	// the call, if there is one.
	RequestID string `json:"request_id" personal:"no"`
	// CallID is the Call-ID header field of the call.
	CallID string `json:"call_id" personal:"no"`
	// Trunk is the edge's name for the peer that sent the call; empty if it has none.
	Trunk string `json:"trunk" personal:"no"`
	// Profile is what both were asked for; empty: the policy's own choice.
	Profile string `json:"profile" personal:"no"`
	// Event is what the question was about.
	Event Event `json:"event" personal:"no"`
	// AskedAt is when the first policy was asked.
	AskedAt Time `json:"asked_at" personal:"no"`
	// Result is the weightiest kind of what differs.
	Result Differs `json:"result" personal:"no"`
	// Differences are all that differs, the weightiest first, 16 at most.
	Differences []Difference `json:"differences"`
	// DifferencesOmitted is how many were left out because the record was too long.
	DifferencesOmitted int `json:"differences_omitted,omitempty"`
	// First is what the first policy said.
	First Opinion `json:"first"`
	// Second is what the shadow policy said.
	Second Opinion `json:"second"`
	// Shortened says that texts were cut, with an ellipsis at the end, or elements left
	// out, because the record was too long.
	Shortened bool `json:"shortened,omitempty"`
}

// Differs is in what two decisions differ.
type Differs string

// In what decisions differ, the weightiest first.
const (
	// DiffersNoDecision means that one of them is no decision, or both are none.
	DiffersNoDecision Differs = "no_decision"
	// DiffersAction means that one tries targets, and the other rejects, or lets a
	// response pass.
	DiffersAction Differs = "other_action"
	// DiffersTarget means that one tries a target that the other does not try, or leaves
	// other contacts in a 3xx that passes.
	DiffersTarget Differs = "other_target"
	// DiffersOrder means that the same targets are tried in another order.
	DiffersOrder Differs = "other_order"
	// DiffersCode means that the caller gets another final response.
	DiffersCode Differs = "other_code"
	// DiffersHeaders means that header fields are changed otherwise.
	DiffersHeaders Differs = "other_headers"
	// DiffersDetails means that something else is not the same: timers, labels, reason
	// phrases, which failures go on, which contact a target came from.
	DiffersDetails Differs = "other_details"
)

// Difference is one thing that differs.
type Difference struct {
	// Kind is of what kind.
	Kind Differs `json:"kind" personal:"no"`
	// What says what it is.
	What string `json:"what" personal:"text"`
	// First is what the first policy says there.
	First string `json:"first" personal:"text"`
	// Second is what the shadow policy says there.
	Second string `json:"second" personal:"text"`
}

// Opinion is what a policy said.
type Opinion struct {
	// DurationMS is how long it took, in milliseconds.
	DurationMS float64 `json:"duration_ms"`
	// NoDecision is why there is no decision; absent if there is one.
	NoDecision NoDecision `json:"no_decision,omitempty" personal:"no"`
	// Detail says what was wrong then.
	Detail string `json:"detail,omitempty" personal:"text"`
	// Action is what the decision says; absent if there is none.
	Action Action `json:"action,omitempty" personal:"no"`
	// Targets are the Request-URIs of its targets, in order.
	Targets []string `json:"targets,omitempty" personal:"uri"`
	// TargetsOmitted is how many targets were left out because the record was too long.
	TargetsOmitted int `json:"targets_omitted,omitempty"`
	// Status is that of the final response that it wants (action "reject").
	Status int `json:"status,omitempty"`
	// Rule is the policy's rule that decided.
	Rule string `json:"rule,omitempty" personal:"text"`
	// Text is the policy's reason.
	Text string `json:"text,omitempty" personal:"text"`
	// PolicyVersion is the version of the policy program.
	PolicyVersion string `json:"policy_version,omitempty" personal:"no"`
	// ConfigRevision is the revision of its configuration.
	ConfigRevision string `json:"config_revision,omitempty" personal:"no"`
	// Contacts are what it says became of each contact.
	Contacts []ContactOpinion `json:"contacts,omitempty"`
	// ContactsOmitted is how many contacts were left out because the record was too long.
	ContactsOmitted int `json:"contacts_omitted,omitempty"`
}

// ContactOpinion is what a policy says became of a contact.
type ContactOpinion struct {
	// Attempt is the number of the attempt that got the 3xx.
	Attempt int `json:"attempt"`
	// N is the number of the contact.
	N int `json:"n"`
	// Verdict is what became of it.
	Verdict Verdict `json:"verdict" personal:"no"`
	// Rule is the policy's rule that decided.
	Rule string `json:"rule,omitempty" personal:"text"`
	// Text is the policy's reason.
	Text string `json:"text,omitempty" personal:"text"`
}
