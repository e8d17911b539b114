package conformance

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipcontract"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// question is one that a policy is asked.
type question struct {
	name string
	req  *redirectv1.DecideRequest
}

// change alters a question that would otherwise be an ordinary one.
type change func(*redirectv1.DecideRequest)

// allFeatures are those of an edge that can do everything.
var allFeatures = []string{
	"routes", "next_hop", "header_ops", "timeouts", "consult_on_failure", "pass_through", "filtered_pass_through", onward,
}

const (
	callee  = "sip:+15550100@edge.example.com"
	nextHop = "sip:192.0.2.70:5060"
	// attemptsAtFirst is attempts_left of an ordinary question.
	attemptsAtFirst = 20
)

// asked is when the questions are asked, by the clock of the edge.
var askedAt = time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)

// redirected returns a question: an INVITE was sent to the next hop, which
// answered with a 3xx. The id tells it from every other one.
func redirected(id string, status uint32, contacts []*redirectv1.Contact, changes ...change) *redirectv1.DecideRequest {
	response := &redirectv1.SipResponse{
		Status: status, ReasonPhrase: "Moved", SourceAddress: "192.0.2.70:5060",
		Headers: []*redirectv1.Header{
			{Name: "Contact", Value: "as shown in contacts"},
			{Name: "Diversion", Value: "<sip:+15550100@edge.example.com>;reason=unconditional"},
		},
	}
	req := &redirectv1.DecideRequest{
		RequestId: id,
		Edge: &redirectv1.Edge{
			Instance: "conformance", Version: "1.0", AttemptsLeft: new(uint32(attemptsAtFirst)),
			Features:       allFeatures,
			AllowedHeaders: []string{"X-*", "Diversion", "History-Info", "P-Asserted-Identity", "Identity", "Reason", "Subject"},
			OwnAddresses:   []string{"192.0.2.1:5060"},
		},
		Call: &redirectv1.Call{
			Method: "INVITE", RequestUri: sipcontract.URI(callee, ""),
			Caller: sipcontract.URI("sip:alice@caller.example.com", "Alice"), Callee: sipcontract.URI(callee, ""),
			CallId: id + "@conformance.invalid", SourceAddress: "192.0.2.80:5060", Transport: "udp", Trunk: "conformance",
			Headers:    []*redirectv1.Header{{Name: "Subject", Value: "conformance"}},
			ReceivedAt: timestamppb.New(askedAt), TimeLeft: durationpb.New(3 * time.Minute),
		},
		Event: &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{Response: response, Contacts: contacts}},
		Attempts: []*redirectv1.Attempt{{
			Target:    &redirectv1.Target{Uri: callee, NextHop: nextHop},
			StartedAt: timestamppb.New(askedAt), Duration: durationpb.New(50 * time.Millisecond),
			Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: response, DestinationAddress: "192.0.2.70:5060",
		}},
		AskedAt: timestamppb.New(askedAt.Add(50 * time.Millisecond)),
	}
	for _, c := range changes {
		c(req)
	}
	return req
}

// contacts reads contacts as an edge does: "sip:a@h", or "sip:a@h 700" with a q in
// thousandths.
func contacts(texts ...string) []*redirectv1.Contact {
	all := make([]*redirectv1.Contact, len(texts))
	for i, text := range texts {
		uri, q, hasQ := strings.Cut(text, " ")
		all[i] = &redirectv1.Contact{Uri: sipcontract.URI(uri, "")}
		if _, err := sipuri.Parse(uri); err != nil {
			all[i] = &redirectv1.Contact{Uri: &redirectv1.SipUri{Text: uri}, Unreadable: err.Error()}
		}
		if hasQ {
			var milli uint32
			// The texts are ours.
			_, _ = fmt.Sscan(q, &milli)
			all[i].QMilli = &milli
		}
	}
	return all
}

func method(name string) change {
	return func(req *redirectv1.DecideRequest) { req.Call.Method = name }
}

func profile(name string) change {
	return func(req *redirectv1.DecideRequest) { req.Call.Profile = name }
}

// calling changes the Request-URI of the call.
func calling(uri string) change {
	return func(req *redirectv1.DecideRequest) {
		req.Call.RequestUri, req.Call.Callee = sipcontract.URI(uri, ""), sipcontract.URI(uri, "")
		req.Attempts[0].Target.Uri = uri
	}
}

func attemptsLeft(n uint32) change {
	return func(req *redirectv1.DecideRequest) { req.Edge.AttemptsLeft = &n }
}

func features(names ...string) change {
	return func(req *redirectv1.DecideRequest) { req.Edge.Features = names }
}

func allowed(names ...string) change {
	return func(req *redirectv1.DecideRequest) { req.Edge.AllowedHeaders = names }
}

func phrase(text string) change {
	return func(req *redirectv1.DecideRequest) { req.GetRedirect().GetResponse().ReasonPhrase = text }
}

// after puts attempts that failed with a status before the one that brought the
// event, which is another one then, to a target of its own.
func after(status uint32, uris ...string) change {
	return func(req *redirectv1.DecideRequest) {
		for _, uri := range uris {
			req.Attempts = append(req.GetAttempts(), &redirectv1.Attempt{
				Target: &redirectv1.Target{Uri: uri}, StartedAt: timestamppb.New(askedAt), Duration: durationpb.New(time.Second),
				Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: &redirectv1.SipResponse{Status: status},
			})
		}
		req.Attempts = append(req.GetAttempts(), &redirectv1.Attempt{
			Target: &redirectv1.Target{Uri: "sip:again@192.0.2.90"}, StartedAt: timestamppb.New(askedAt), Duration: durationpb.New(time.Second),
			Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: req.GetRedirect().GetResponse(),
		})
	}
}

func remaining(uris ...string) change {
	return func(req *redirectv1.DecideRequest) {
		for _, uri := range uris {
			req.Remaining = append(req.GetRemaining(), &redirectv1.Target{Uri: uri, Advance: defaultRule()})
		}
	}
}

// advised makes the event an advice.
func advised(req *redirectv1.DecideRequest) {
	response := req.GetRedirect().GetResponse()
	req.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: response}}
}

// ordinary is a question that says nothing special.
func ordinary(id string, changes ...change) *redirectv1.DecideRequest {
	return redirected(id, 302, contacts("sip:+15550101@192.0.2.101 900", "sip:+15550102@192.0.2.102 500", "sip:+15550103@192.0.2.103"), changes...)
}

// numbered is an ordinary question with contacts of its own.
func numbered(i int) *redirectv1.DecideRequest {
	return redirected(fmt.Sprintf("at-once-%d", i), 302,
		contacts(fmt.Sprintf("sip:n%d@192.0.2.101 900", i), fmt.Sprintf("sip:m%d@192.0.2.102 500", i)))
}

func cancelled() *redirectv1.DecideRequest { return ordinary("cancelled") }

// unknown is a question with an earlier attempt.
func unknown() *redirectv1.DecideRequest {
	return proto.CloneOf(ordinary("unknown", after(486, "sip:busy@192.0.2.91")))
}

// nested is a question from the middle of a call.
func nested(id string) *redirectv1.DecideRequest {
	return ordinary(id, after(486, "sip:+15550101@192.0.2.101", "sip:busy@192.0.2.91"), remaining("sip:later@192.0.2.92"))
}

// least has nothing beyond what a question must have.
func least() *redirectv1.DecideRequest {
	response := &redirectv1.SipResponse{Status: 302}
	return &redirectv1.DecideRequest{
		RequestId: "1", Edge: &redirectv1.Edge{},
		Call:  &redirectv1.Call{Method: "INVITE", RequestUri: sipcontract.URI("sip:h.invalid", ""), CallId: "1"},
		Event: &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{Response: response}},
		Attempts: []*redirectv1.Attempt{{
			Target: &redirectv1.Target{Uri: "sip:h.invalid"}, Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: response,
		}},
		AskedAt: timestamppb.New(askedAt),
	}
}

// maxQuestion is the longest question that sipedge asks, in bytes.
const maxQuestion = 256 << 10

// largest has 64 contacts and 64 attempts, and headers that make it almost as long
// as a question can be.
func largest(id string) *redirectv1.DecideRequest {
	req := redirected(id, 302, contacts(many("sip:contact-%02d-"+strings.Repeat("c", 600)+"@192.0.2.101", maxContacts)...),
		after(486, many("sip:attempt-%02d-"+strings.Repeat("a", 600)+"@192.0.2.101", 62)...))
	const size = 4 << 10
	for i := 0; proto.Size(req)+size+1<<10 < maxQuestion; i++ {
		req.Call.Headers = append(req.Call.Headers, &redirectv1.Header{Name: fmt.Sprintf("X-%d", i), Value: strings.Repeat("h", size)})
	}
	return req
}

func largestRemaining(id string) *redirectv1.DecideRequest {
	return ordinary(id, after(486, "sip:busy@192.0.2.91"), remaining(many("sip:remaining-%02d@192.0.2.92", maxTargets)...))
}

func many(format string, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(format, i)
	}
	return all
}
