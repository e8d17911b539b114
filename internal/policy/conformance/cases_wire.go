package conformance

// wireCases are about gRPC: what an edge does that a question does not show.
func wireCases() []*Case {
	return []*Case{
		{
			Name:     "wire/in-time",
			Demand:   "Every question is answered within the deadline.",
			Contract: "The deadline of the RPC is the time that the edge waits. An answer that comes later is not used.",
			Change:   "Keep what takes time - look-ups, files, other services - off the path of a call: load it before, and look at the deadline.",
			probe:    inTime,
		},
		{
			Name:     "wire/deadline",
			Demand:   "A call whose deadline passes ends, with an answer or DEADLINE_EXCEEDED.",
			Contract: "The deadline of the RPC is the time that the edge waits.",
			Change:   "Give up when the context of the call ends, so that an overload does not pile up work for which nobody waits.",
			probe:    deadlineKept,
		},
		{
			Name:     "wire/concurrent",
			Demand:   "Questions that are asked at the same time each have the answer that they have when they are asked alone.",
			Contract: "Both methods are free of side effects and safe to call concurrently.",
			Change:   "Keep nothing of a question in a variable that calls share.",
			probe:    concurrent,
		},
		{
			Name:     "wire/large",
			Demand:   "The largest questions that an edge asks are decided: 64 contacts, 64 attempts, just below 256 KiB.",
			Contract: "64 targets, 64 attempts, 64 contacts, 64 KiB for an answer, 4 KiB of policy_state.",
			Change:   "Take messages of 256 KiB and more - gRPC's own default is 4 MiB -, and do no more than compare each contact with each attempt.",
			probe:    large,
		},
		{
			Name:     "wire/minimal",
			Demand:   "A question is decided that has nothing beyond what it must have.",
			Contract: "Header fields that the edge is configured to show, in order.",
			Change:   "Expect any field to be absent: caller, callee, headers, features, attributes, and the contacts of a 3xx.",
			probe:    minimal,
		},
		{
			Name:     "wire/unknown-fields",
			Demand:   "A question with fields that this version does not have has the same decision.",
			Contract: "Unknown fields are ignored.",
			Change:   "Read messages with protobuf's own code, and do not refuse what it does not know.",
			probe:    unknownFields,
		},
		{
			Name:     "wire/unknown-enums",
			Demand:   "An outcome that this version does not have acts as OUTCOME_UNSPECIFIED.",
			Contract: "Unknown enum values act as the zero value.",
			Change:   "Give every switch over an enum a default that does what the zero value does.",
			probe:    unknownEnums,
		},
		{
			Name:     "wire/info",
			Should:   true,
			Demand:   "GetPolicyInfo says who answers.",
			Contract: "GetPolicyInfo says who answers and with which configuration. It is for operators and conformance tests, and never on the path of a call.",
			Change:   "Implement GetPolicyInfo: name, version, a revision of the configuration, and contract_revision \"1.0\".",
			probe:    policyInfo,
		},
		{
			Name:     "wire/health",
			Should:   true,
			Demand:   "grpc.health.v1 says SERVING.",
			Contract: "the edge balances over healthy replicas only",
			Change:   "Serve grpc.health.v1 with your gRPC library: SERVING when you can decide, NOT_SERVING while you drain.",
			probe:    health,
		},
		{
			Name:     "wire/cancelled",
			Demand:   "Calls that the edge cancels hold nothing: after many of them the policy answers as before.",
			Contract: "It may be retried, hedged, mirrored and replayed; the same question has the same answer.",
			Change:   "Release locks, slots and workers of a call in a deferred function, also when its context ends.",
			probe:    cancelledReleased,
		},
	}
}

// errorCases are about questions that cannot be decided.
func errorCases() []*Case {
	return []*Case{
		{
			Name:     "errors/unknown-profile",
			Demand:   "An unknown profile that is refused is refused with FAILED_PRECONDITION.",
			Contract: "An unknown profile is FAILED_PRECONDITION, a request that makes no sense INVALID_ARGUMENT.",
			Change:   "End the call with the status FAILED_PRECONDITION and a text that names the profiles that there are.",
			probe:    refusedWith(unknownProfile),
		},
		{
			Name:     "errors/refuses-unknown-profile",
			Should:   true,
			Demand:   "An unknown profile is refused.",
			Contract: "An unknown profile is FAILED_PRECONDITION, a request that makes no sense INVALID_ARGUMENT.",
			Change:   "Refuse profiles that you do not have, so that a typo in the configuration of the edge is noticed. A policy without profiles may leave it.",
			probe:    refused(unknownProfile),
		},
		{
			Name:     "errors/nonsense",
			Demand:   "A request that makes no sense, if it is refused, is refused with INVALID_ARGUMENT.",
			Contract: "An unknown profile is FAILED_PRECONDITION, a request that makes no sense INVALID_ARGUMENT.",
			Change:   "Check the event, the call and that attempts is not empty before you use them, and end the call with INVALID_ARGUMENT.",
			probe:    refusedWith(nonsense),
		},
		{
			Name:     "errors/refuses-nonsense",
			Should:   true,
			Demand:   "A request that makes no sense is refused.",
			Contract: "An unknown profile is FAILED_PRECONDITION, a request that makes no sense INVALID_ARGUMENT.",
			Change:   "Refuse a request without call, event or attempts: an edge that asks so is broken, and nobody notices while it gets answers.",
			probe:    refused(nonsense),
		},
	}
}
