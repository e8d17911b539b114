package callrecord

// Schema is the version of the records. It rises when a field goes away or means
// something else.
const Schema = 1

// Sink takes records. Add does not wait for anything; it may change the line,
// and keeps nothing of it. It is safe for concurrent use.
type Sink interface{ Add(line Line) }

// Line is a record: a [Call], a [Late] or a [Shadow].
type Line interface{ shorten(text, list int) }

// Kind says what a line is about.
type Kind string

// The kinds of lines.
const (
	// KindCall is a whole call.
	KindCall Kind = "call"
	// KindLate is a 2xx that went upstream after the final response of its call.
	KindLate Kind = "late"
	// KindShadow is a question that two policies answer otherwise.
	KindShadow Kind = "shadow"
)

// Call is the record of one redirected call, written when its final response has
// gone upstream or never will. A call is redirected when a 3xx came that the edge
// is to follow, or a redirect server answered anything else from 300 up.
type Call struct {
	// Kind is "call".
	Kind Kind `json:"kind" personal:"no"`
	// Schema is the version of this record, 1.
	Schema int `json:"schema"`
	// ID is of this call alone. A late line of it, and the questions that the policy
	// was asked, begin with it.
	ID string `json:"id" personal:"no"`
	// Time is when the record was made, by the clock of the edge.
	Time Time `json:"time" personal:"no"`
	// Edge is who wrote it.
	Edge Edge `json:"edge"`
	// Call is the request as the caller sent it.
	Call Request `json:"call"`
	// Trunk is the edge's name for the peer that sent it; empty if it has none.
	Trunk string `json:"trunk" personal:"no"`
	// Profile is that of the policy which the edge asked for; empty: the policy's own
	// choice.
	Profile string `json:"profile" personal:"no"`
	// Redirects are the 3xx that came, oldest first.
	Redirects []Redirect `json:"redirects"`
	// RedirectsOmitted is how many redirects were left out because the record was too
	// long.
	RedirectsOmitted int `json:"redirects_omitted,omitempty"`
	// Decisions are the questions that were put to the policy, and what came of them,
	// oldest first.
	Decisions []Decision `json:"decisions"`
	// DecisionsOmitted is how many decisions were left out because the record was too
	// long.
	DecisionsOmitted int `json:"decisions_omitted,omitempty"`
	// Attempts are the requests that were sent downstream or refused by the edge, oldest
	// first. The first one is that to the next hop.
	Attempts []Attempt `json:"attempts"`
	// AttemptsOmitted is how many attempts were left out because the record was too
	// long.
	AttemptsOmitted int `json:"attempts_omitted,omitempty"`
	// Cancelled says that the caller sent a CANCEL before the final response. The final
	// response may be a 2xx all the same: they may cross.
	Cancelled bool `json:"cancelled"`
	// CancelReasons are the values of Reason in that CANCEL (RFC 3326).
	CancelReasons []string `json:"cancel_reasons,omitempty" personal:"text"`
	// Final is what went upstream.
	Final Final `json:"final"`
	// Shortened says that texts were cut, with an ellipsis at the end, or elements left
	// out, because the record was too long.
	Shortened bool `json:"shortened,omitempty"`
}

// Edge is who wrote a record.
type Edge struct {
	// Instance is the key of that name in its configuration.
	Instance string `json:"instance,omitempty" personal:"no"`
	// Zone is the key of that name in its configuration.
	Zone string `json:"zone,omitempty" personal:"no"`
	// Version is that of the program.
	Version string `json:"version,omitempty" personal:"no"`
}

// Request is the request as the caller sent it. Bytes that are not UTF-8 are %XX in
// URIs and U+FFFD elsewhere.
type Request struct {
	// CallID is the Call-ID header field.
	CallID string `json:"call_id" personal:"no"`
	// FromTag is the tag of the caller.
	FromTag string `json:"from_tag" personal:"no"`
	// Method is that of the request.
	Method string `json:"method" personal:"no"`
	// RequestURI is the Request-URI.
	RequestURI string `json:"request_uri" personal:"uri"`
	// From is the URI in the From header field.
	From string `json:"from" personal:"uri"`
	// To is the URI in the To header field.
	To string `json:"to" personal:"uri"`
	// Source is the address and port that it came from.
	Source string `json:"source" personal:"no"`
	// Transport is what it came over.
	Transport Transport `json:"transport" personal:"no"`
	// ReceivedAt is when it came, by the clock of the edge.
	ReceivedAt Time `json:"received_at" personal:"no"`
}

// Transport is a transport of SIP.
type Transport string

// The transports.
const (
	// TransportUDP is UDP.
	TransportUDP Transport = "udp"
	// TransportTCP is TCP.
	TransportTCP Transport = "tcp"
	// TransportTLS is TLS.
	TransportTLS Transport = "tls"
	// TransportWS is a WebSocket.
	TransportWS Transport = "ws"
	// TransportWSS is a WebSocket over TLS.
	TransportWSS Transport = "wss"
)

// Redirect is one 3xx that came.
type Redirect struct {
	// Attempt is the number of the attempt that got it.
	Attempt int `json:"attempt"`
	// Status is its status code, 300 to 399.
	Status int `json:"status"`
	// Reason is its reason phrase.
	Reason string `json:"reason" personal:"text"`
	// NotAsked is why the policy was not asked about it; absent if it was.
	NotAsked NotAsked `json:"not_asked,omitempty" personal:"no"`
	// Contacts are its contacts in the order of the header fields, 64 at most.
	Contacts []Contact `json:"contacts"`
	// ContactsOmitted is how many contacts more it had, those included that were left
	// out because the record was too long.
	ContactsOmitted int `json:"contacts_omitted,omitempty"`
}

// NotAsked is why the policy was not asked about a 3xx.
type NotAsked string

// Why the policy was not asked.
const (
	// NotAskedNesting means that too many 3xx led to it (limits.nesting).
	NotAskedNesting NotAsked = "nesting"
	// NotAskedRecurseFrom means that the trunk follows those of its next hop only
	// (recurse_from).
	NotAskedRecurseFrom NotAsked = "recurse_from"
	// NotAskedOver means that the call was cancelled, or a 6xx had ended it.
	NotAskedOver NotAsked = "over"
)

// Contact is one contact of a 3xx, and what became of it.
type Contact struct {
	// N is its place among the contacts, from 0.
	N int `json:"n"`
	// URI is the contact without its display name; if it can't be read, the whole value
	// as it came.
	URI string `json:"uri" personal:"uri"`
	// Q is its q parameter in thousandths, 0 to 1000; absent if it has none that can be
	// read.
	Q *int `json:"q_milli,omitempty"`
	// Unreadable is why it can't be read.
	Unreadable string `json:"unreadable,omitempty" personal:"text"`
	// Verdict is what the policy said became of it, last.
	Verdict Verdict `json:"verdict" personal:"no"`
	// Rule is the policy's rule that decided.
	Rule string `json:"rule,omitempty" personal:"text"`
	// Text is the policy's reason.
	Text string `json:"text,omitempty" personal:"text"`
	// Outcome is what the edge did with it. A target counts as of this contact if the
	// policy said so, or if it has the same URI.
	Outcome ContactOutcome `json:"outcome" personal:"no"`
	// Attempts are the numbers of the attempts that came of it.
	Attempts []int `json:"attempts,omitempty"`
}

// Verdict is what a policy says of a contact.
type Verdict string

// The verdicts.
const (
	// VerdictTaken means that it is a target.
	VerdictTaken Verdict = "taken"
	// VerdictDropped means that it is none.
	VerdictDropped Verdict = "dropped"
	// VerdictMoved means that it is a target at another place of the order than its q
	// gives it.
	VerdictMoved Verdict = "moved"
	// VerdictUnknown means that no policy has said anything of it.
	VerdictUnknown Verdict = "unknown"
)

// ContactOutcome is what the edge did with a contact.
type ContactOutcome string

// What becomes of a contact.
const (
	// ContactTried means that a request was sent to it, or an attempt at that failed.
	ContactTried ContactOutcome = "tried"
	// ContactRefused means that the edge refused to try it, whatever the policy says.
	ContactRefused ContactOutcome = "refused"
	// ContactNotTried means that it was no target, or the call was over before its turn.
	ContactNotTried ContactOutcome = "not_tried"
)

// Decision is one question to the policy, and what came of it.
type Decision struct {
	// N is its number, from 0.
	N int `json:"n"`
	// Event is what the question was about.
	Event Event `json:"event" personal:"no"`
	// Attempt is the number of the attempt that brought the event.
	Attempt int `json:"attempt"`
	// RequestID is the request_id of the question.
	RequestID string `json:"request_id" personal:"no"`
	// AskedAt is when it was asked.
	AskedAt Time `json:"asked_at" personal:"no"`
	// DurationMS is how long the answer took, or the edge waited for it, in
	// milliseconds.
	DurationMS float64 `json:"duration_ms"`
	// Asked is who was asked first.
	Asked Who `json:"asked" personal:"no"`
	// Canary says that the policy made it that decides a share of the calls
	// (policy.canary).
	Canary bool `json:"canary,omitempty"`
	// NoDecision is why no decision was had of it; absent if one was.
	NoDecision NoDecision `json:"no_decision,omitempty" personal:"no"`
	// Detail says what was wrong then.
	Detail string `json:"detail,omitempty" personal:"text"`
	// Fallback is what the edge did instead.
	Fallback Fallback `json:"fallback,omitempty" personal:"no"`
	// Action is what the decision says; absent if there is none. With the fallback
	// "embedded" it is that of the embedded policy, and so is all that follows.
	Action Action `json:"action,omitempty" personal:"no"`
	// Targets is how many targets it names.
	Targets int `json:"targets,omitempty"`
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
}

// Event is what a question is about.
type Event string

// The events.
const (
	// EventRedirect is a 3xx.
	EventRedirect Event = "redirect"
	// EventFailure is an attempt that failed.
	EventFailure Event = "failure"
	// EventAdvice is anything else that a redirect server answered, from 400 up.
	EventAdvice Event = "advice"
)

// Who is a policy as the edge sees it.
type Who string

// Who may be asked.
const (
	// WhoRemote is a policy over the network.
	WhoRemote Who = "remote"
	// WhoEmbedded is the policy in the edge itself.
	WhoEmbedded Who = "embedded"
)

// NoDecision is why there is no decision.
type NoDecision string

// Why there is no decision.
const (
	// NoDecisionTimeout means that no answer came within policy.timeout.
	NoDecisionTimeout NoDecision = "timeout"
	// NoDecisionError means that the policy said it could not decide, or could not be
	// reached.
	NoDecisionError NoDecision = "error"
	// NoDecisionInvalid means that the answer is against the contract.
	NoDecisionInvalid NoDecision = "invalid"
	// NoDecisionLimit means that too many decisions were outstanding (limits.decisions).
	NoDecisionLimit NoDecision = "limit"
	// NoDecisionOver means that the call was over before the answer came.
	NoDecisionOver NoDecision = "over"
)

// Fallback is what the edge does without a decision.
type Fallback string

// What the edge does without a decision.
const (
	// FallbackMap is the mapped code: 480 for 302, else 410 (on_unavailable: map). For
	// advice it is the response itself.
	FallbackMap Fallback = "map"
	// FallbackEmbedded is the decision of the embedded policy (on_unavailable:
	// embedded).
	FallbackEmbedded Fallback = "embedded"
	// FallbackPassThrough is the response itself (on_unavailable: pass_through).
	FallbackPassThrough Fallback = "pass_through"
	// FallbackRemaining means that the targets of an earlier decision are tried.
	FallbackRemaining Fallback = "remaining"
	// FallbackAdvance means that the advance rule in force says whether the next target
	// is tried.
	FallbackAdvance Fallback = "advance"
)

// Action is what a decision says.
type Action string

// The actions.
const (
	// ActionTryTargets tries targets.
	ActionTryTargets Action = "try_targets"
	// ActionReject answers the caller.
	ActionReject Action = "reject"
	// ActionPassThrough lets a response go to the caller.
	ActionPassThrough Action = "pass_through"
)

// Attempt is one request that was sent downstream, or refused by the edge.
type Attempt struct {
	// N is its number, from 0.
	N int `json:"n"`
	// URI is the Request-URI of the target.
	URI string `json:"uri" personal:"uri"`
	// Routes is the route set of the target.
	Routes []string `json:"routes,omitempty" personal:"uri"`
	// NextHop is where it goes if neither of them says so.
	NextHop string `json:"next_hop,omitempty" personal:"uri"`
	// Label is the policy's own word for the target.
	Label string `json:"label,omitempty" personal:"text"`
	// Contact is the contact that the target came from, if the policy said so.
	Contact *ContactRef `json:"contact,omitempty"`
	// Address is the address and port that it was sent to, the last one if there were
	// several; absent if it was not sent.
	Address string `json:"address,omitempty" personal:"no"`
	// Trunk is the edge's name for the element at that address, of the first attempt
	// that of the caller's trunk.
	Trunk string `json:"trunk,omitempty" personal:"no"`
	// StartedAt is when it was sent, the last time if there were several addresses.
	StartedAt Time `json:"started_at" personal:"no"`
	// DurationMS is the time from then to its end in milliseconds; absent if it had not
	// ended when the record was made.
	DurationMS *float64 `json:"duration_ms,omitempty"`
	// Provisional is the highest provisional status that came, 100 to 199.
	Provisional int `json:"provisional,omitempty"`
	// Rang says that a 180 or a 183 came.
	Rang bool `json:"rang,omitempty"`
	// Outcome is how it ended.
	Outcome Outcome `json:"outcome" personal:"no"`
	// Status is that of its final response, if one came in time.
	Status int `json:"status,omitempty"`
	// Reason is the reason phrase of that.
	Reason string `json:"reason,omitempty" personal:"text"`
	// Detail is why the edge refused it, or what failed.
	Detail string `json:"detail,omitempty" personal:"text"`
	// Late is the first final response that came after the edge had gone on.
	Late *LateResponse `json:"late,omitempty"`
}

// ContactRef names one contact of one 3xx.
type ContactRef struct {
	// Attempt is the number of the attempt that got the 3xx.
	Attempt int `json:"attempt"`
	// N is the number of the contact.
	N int `json:"n"`
}

// LateResponse is a final response that came after the edge had given the attempt
// up.
type LateResponse struct {
	// Status is its status code.
	Status int `json:"status"`
	// Reason is its reason phrase.
	Reason string `json:"reason" personal:"text"`
	// At is when it came.
	At Time `json:"at" personal:"no"`
}

// Outcome is how an attempt ended.
type Outcome string

// The outcomes.
const (
	// OutcomeResponse means that a final response came.
	OutcomeResponse Outcome = "response"
	// OutcomeResponseTimeout means that no response came in time (Timer B or F, or
	// response_timeout).
	OutcomeResponseTimeout Outcome = "response_timeout"
	// OutcomeAnswerTimeout means that no final response came in time (Timer C, or
	// answer_timeout).
	OutcomeAnswerTimeout Outcome = "answer_timeout"
	// OutcomeTransportError means that it could not be delivered.
	OutcomeTransportError Outcome = "transport_error"
	// OutcomeUnresolvable means that the name of the target did not resolve.
	OutcomeUnresolvable Outcome = "unresolvable"
	// OutcomeRefused means that the edge did not send it, whatever the policy says.
	OutcomeRefused Outcome = "refused"
	// OutcomePending means that it had not ended when the record was made.
	OutcomePending Outcome = "pending"
)

// Final is what went upstream.
type Final struct {
	// Result says whether a final response went upstream.
	Result Result `json:"result" personal:"no"`
	// Status is the status code in its bytes; absent if there was none.
	Status int `json:"status,omitempty"`
	// Reason is the reason phrase in its bytes.
	Reason string `json:"reason,omitempty" personal:"text"`
	// Attempt is the number of the attempt whose response that is; absent if the edge
	// made it.
	Attempt *int `json:"attempt,omitempty"`
	// At is when it was sent, or when it was known that none would be.
	At Time `json:"at" personal:"no"`
	// DurationMS is the time from the request to that, in milliseconds.
	DurationMS float64 `json:"duration_ms"`
	// Why says what made it the final response.
	Why string `json:"why" personal:"text"`
}

// Result says whether a response went upstream.
type Result string

// Whether a response went upstream.
const (
	// ResultSent means that the kernel, or the queue of the caller's connection, has it.
	ResultSent Result = "sent"
	// ResultReconnecting means that the caller's connection was gone, and a new one is
	// being made to send it (18.2.2): how that ends is not recorded.
	ResultReconnecting Result = "reconnecting"
	// ResultFailed means that it could not be sent.
	ResultFailed Result = "failed"
	// ResultNone means that there was none: a request other than INVITE that nobody waits
	// for any more (RFC 4320), or the edge stopped.
	ResultNone Result = "none"
)

// Late is a 2xx that came when its call already had a final response, and went
// upstream all the same (16.7 step 5): somebody else has answered too, or after
// all. There is at most one for an attempt.
type Late struct {
	// Kind is "late".
	Kind Kind `json:"kind" personal:"no"`
	// Schema is the version of this record, 1.
	Schema int `json:"schema"`
	// ID is that of the record of the call, which stands before.
	ID string `json:"id" personal:"no"`
	// Time is when it came, by the clock of the edge.
	Time Time `json:"time" personal:"no"`
	// CallID is the Call-ID header field of the call.
	CallID string `json:"call_id" personal:"no"`
	// Attempt is the number of the attempt whose response it is.
	Attempt int `json:"attempt"`
	// Address is the address and port that the attempt was sent to.
	Address string `json:"address" personal:"no"`
	// Status is its status code, 200 to 299.
	Status int `json:"status"`
	// Reason is its reason phrase.
	Reason string `json:"reason" personal:"text"`
	// Result says whether it went upstream.
	Result Result `json:"result" personal:"no"`
	// Shortened says that texts were cut because the record was too long.
	Shortened bool `json:"shortened,omitempty"`
}
