package conformance

import (
	"fmt"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// scenario is how a call goes that is played out.
type scenario struct {
	id    string
	first *redirectv1.DecideRequest
	// outcome says how an attempt ends. Its index is n; that of the request to the
	// next hop is 0.
	outcome func(n int, a *redirectv1.Attempt)
	// contacts are those of the 3xx that attempt n got.
	contacts func(n int) []*redirectv1.Contact
}

// scenarios are the calls that are played out. Each ends with any policy that keeps
// to the attempts that the edge has left.
func scenarios() []scenario {
	some := contacts("sip:a@192.0.2.101 900", "sip:b@192.0.2.102 800", "sip:c@192.0.2.103 700", "sip:d@192.0.2.104 600", "sip:e@192.0.2.105 500")
	first := func(id string, left uint32, c []*redirectv1.Contact, changes ...change) *redirectv1.DecideRequest {
		return redirected("call-"+id, 302, c, append(changes, attemptsLeft(left))...)
	}
	fresh := func(scheme string) func(n int) []*redirectv1.Contact {
		return func(n int) []*redirectv1.Contact {
			return contacts(fmt.Sprintf("%s:next-%d@next.example.com", scheme, n), fmt.Sprintf("%s:other-%d@next.example.com 100", scheme, n))
		}
	}
	return []scenario{
		{"all busy", first("busy", 10, some), answers(486), nil},
		{"all unavailable, few attempts", first("unavailable", 3, some), answers(503), nil},
		{"no response", first("timeout", 10, some), ends(redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT), nil},
		{"no answer after ringing", first("ringing", 10, some), func(n int, a *redirectv1.Attempt) {
			ends(redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT)(n, a)
			a.ProvisionalStatus, a.Rang = 180, true
		}, nil},
		{"unreachable", first("unreachable", 10, some), ends(redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR), nil},
		{"unresolvable", first("unresolvable", 10, some), ends(redirectv1.Outcome_OUTCOME_UNRESOLVABLE), nil},
		{"all refused", first("refused", 10, some), func(_ int, a *redirectv1.Attempt) { a.Detail = "192.0.2.1:5060 is this edge itself" }, nil},
		{"a 6xx", first("decline", 10, some), answers(603), nil},
		{"a challenge", first("challenge", 10, some), answers(407), nil},
		{"redirected on and on", first("nested", 8, some), answers(302), fresh("sip")},
		{"redirected in circles", first("circle", 8, some), answers(302), func(int) []*redirectv1.Contact { return some }},
		{"SIPS redirected on and on", first("sips", 8, fresh("sips")(0), calling("sips:bob@edge.example.com")), answers(302), func(n int) []*redirectv1.Contact {
			return append(fresh("sips")(n), fresh("sip")(n)...)
		}},
		{"busy and redirected by turns", first("turns", 12, some), func(n int, a *redirectv1.Attempt) {
			answers([]uint32{302, 486, 503}[n%3])(n, a)
		}, fresh("sip")},
		{"a MESSAGE", first("message", 6, some, method("MESSAGE")), answers(480), nil},
	}
}

// answers ends each attempt with a response.
func answers(status uint32) func(int, *redirectv1.Attempt) {
	return func(_ int, a *redirectv1.Attempt) {
		a.Outcome = redirectv1.Outcome_OUTCOME_RESPONSE
		a.Response = &redirectv1.SipResponse{Status: status, SourceAddress: "192.0.2.101:5060"}
		a.DestinationAddress = "192.0.2.101:5060"
	}
}

// ends ends each attempt without one.
func ends(o redirectv1.Outcome) func(int, *redirectv1.Attempt) {
	return func(_ int, a *redirectv1.Attempt) { a.Outcome = o }
}
