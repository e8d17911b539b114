// Package expr evaluates the expressions of policy rules: conditions such as
//
//	e164(contact.uri).startsWith("+1900") && call.trunk == "carrier-a"
//
// and texts with expressions in them, "sip:${e164(contact.uri)}@gw.example".
//
// The language is CEL (https://cel.dev) over the messages of the contract, with
// its names of fields, and the functions of [Functions]. Every number of the
// contract is an int, so that redirect.response.status == 302 is written as it
// is spoken. Everything that can be wrong is found when an expression is
// compiled: a name or field that does not exist, types that do not go together,
// a regular expression, network, region, time window or zone that is none, and
// more work than a decision has time for.
//
// The result of an expression depends on its [Input] and the lists of its
// [Env], and on nothing else: no clock, no random number, no name is resolved.
//
// An [Env], a [List], a [Condition] and a [Template] are immutable and safe for
// concurrent use. An [Input] belongs to one goroutine.
package expr
