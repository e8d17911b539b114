package conformance

// caseAgain needs each question asked twice.
const caseAgain = "stateless/again"

// statelessCases are about what a policy must not remember.
func statelessCases() []*Case {
	return []*Case{
		{
			Name:     caseAgain,
			Demand:   "The same question, asked twice, has the same answer to the byte.",
			Contract: "the same question has the same answer.",
			Change:   "Take time from asked_at and chance from a hash of call_id; leave counters and random ids out of the answer, the explanation too; sort what comes out of a map.",
			probe:    again,
		},
		{
			Name:     "stateless/order",
			Demand:   "Questions asked in another order have the same answers.",
			Contract: "The policy is stateless. All that a decision needs travels in the request",
			Change:   "Do not let one call's question change what another one gets: no round robin, no learning while deciding.",
			probe:    otherOrder,
		},
		{
			Name:     "stateless/calls",
			Demand:   "The questions of several calls, asked backwards and mixed, have the answers that they had when the calls were made.",
			Contract: "Two questions about one call may reach two replicas, or two versions.",
			Change:   "Keep nothing of a call under its Call-ID: what was tried stands in attempts, and anything else can go into policy_state.",
			probe:    callsMixed,
		},
		{
			Name:     "stateless/replicas",
			Demand:   "Every replica has the same answers, also to a call that it has not seen before.",
			Contract: "Two questions about one call may reach two replicas, or two versions.",
			Change:   "Give all replicas the same configuration, and decide by it and the question alone: no host names, no start times.",
			probe:    replicas,
		},
		{
			Name:     "stateless/state-garbage",
			Demand:   "A policy_state that is not the policy's own is answered, or refused with INVALID_ARGUMENT.",
			Contract: "It has travelled over the network: do not trust it blindly.",
			Change:   "Check policy_state when you read it - a version, a length, a checksum - and go on without it if it is not yours.",
			probe:    stateGarbage,
		},
		{
			Name:     "stateless/state-dropped",
			Demand:   "A later question of a call is decided without the policy_state of the answer before it.",
			Contract: "policy_state is dropped when another policy answers (canary, fallback).",
			Change:   "Work out from attempts and remaining what policy_state would have said.",
			probe:    stateDropped,
		},
		{
			Name:     "stateless/shadow",
			Demand:   "A question in the shadow of another policy has the same decision.",
			Contract: "The answer is compared with another policy's, and not acted on.",
			Change:   "Decide as ever when Edge.shadow is set; it is there for what you count and log.",
			probe:    shadow,
		},
	}
}

// sanityCases are about answers that are played out.
func sanityCases() []*Case {
	return []*Case{
		{
			Name:     "sanity/tried",
			Demand:   "No target was tried before (19.1.4).",
			Contract: "It enters the target set of a call at most once (16.5).",
			Change:   "Compare each target with attempts[].target - URI and routes, as 19.1.4 says: sip:%61@H equals sip:a@h - and leave it out if it is there.",
			judge:    notTried,
		},
		{
			Name:     "sanity/repeated",
			Demand:   "No target is named twice in an answer (19.1.4).",
			Contract: "It enters the target set of a call at most once (16.5).",
			Change:   "Compare each target with those before it in the answer, and leave it out if it is there.",
			judge:    notRepeated,
		},
		{
			Name:     "sanity/sips",
			Demand:   "What follows a SIPS Request-URI is no SIP URI.",
			Contract: "never goes from SIPS to SIP",
			Change:   "Leave out contacts with sip: if call.request_uri, or the target that was redirected, has sips:.",
			judge:    targets(keepsSIPS),
		},
		{
			Name:     "sanity/ends",
			Demand:   "A call ends within the attempts that the edge has left: when there are none the policy names no target.",
			Contract: "How many more attempts the edge will make for this call, 0 to 64.",
			Change:   "Answer reject or pass_through when edge.attempts_left is 0, and set a limit of your own on len(attempts).",
			judge:    endsInTime,
		},
	}
}
