// Package edge is a transaction-stateful SIP proxy (RFC 3261 section 16) that
// recurses: a 3xx that it receives is put to a [policy.Policy], and the request
// goes to the targets that the policy names, one at a time, until one answers.
//
// The files follow the RFC. A request is received (edge.go, receive.go),
// validated (16.3, validate.go), admitted (trunk.go, trunk_room.go, mac.go, loop.go), its routes are
// read (16.4, route.go), its target is determined (16.5, target.go, guard.go, and after DNS address_guard.go),
// and it is forwarded (16.6, forward.go, record_route.go, reach.go). The
// responses (16.7) belong to its response context:
//
//	response_context.go   its state, its lock, its server transaction
//	branch.go             one attempt: a client transaction and what is known of it
//	response.go           16.7: what becomes of each response
//	best_response.go      16.7 step 6
//	challenge.go          16.7 step 7, and what is remembered of it (memory.go)
//	credentials.go        22.3: who gets the caller's (realm.go)
//	recurse.go            16.7 step 4: a 3xx, and the policy
//	advance.go            8.1.3.4: after a failure, the next target
//	question.go           the DecideRequest; attempt.go, its record of attempts
//	decision.go           is this DecideResponse one?
//	header_ops.go         what a decision may do to header fields
//	final.go              exactly one final response
//	expire.go             16.8, Timer C, and every other timer
//	cancel.go             16.10
//	stateless.go          16.11: ACK for a 2xx, and answers without a transaction
//	send.go               18.2.2: when the connection is gone; flow_index.go, who waits on it
//
// Every event of a call - a message, a timer, an answer of the policy, of DNS, a
// connection - takes the lock of its response context and runs to completion on
// the goroutine that brought it. Three things take time: DNS, connecting, and a
// remote policy. Each is asked outside the lock with the generation of the
// context; whatever makes its answer worthless raises the generation.
package edge
