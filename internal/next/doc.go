// Package next answers the question "where to now?" for a client that receives SIP
// and knows nothing of the contract: an SBC that has a 3xx in hand, and wants one
// target at a time.
//
// What sipedge does with the decisions of a policy is done here on behalf of the
// client: the first question is about the 3xx, each later one says only how the
// target before ended, and the answer is one target, a final response, or that a
// response which the client has may go to the caller. No state is kept. What was
// tried, what is left and what the policy wants back travels with the client, in a
// token that is authenticated and expires.
//
// Section numbers are those of RFC 3261.
package next
