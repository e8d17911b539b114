package policytest

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// change alters a question that would otherwise be an ordinary one.
type change func(*redirectv1.DecideRequest)

// Redirected returns an ordinary question: an INVITE for sip:+15550100@edge.test
// went to the next hop at 127.0.0.1:5070, which answered with a 3xx.
func Redirected(status uint32, reason string, contacts ...*redirectv1.Contact) *redirectv1.DecideRequest {
	response := &redirectv1.SipResponse{Status: status, ReasonPhrase: reason, SourceAddress: "127.0.0.1:5070"}
	return &redirectv1.DecideRequest{
		RequestId: "1",
		Edge: &redirectv1.Edge{
			Instance: "edge1", AttemptsLeft: new(uint32(64)),
			Features:       []string{"routes", "next_hop", "timeouts", "consult_on_failure", "pass_through"},
			AllowedHeaders: []string{"*"},
		},
		Call: &redirectv1.Call{
			Method: "INVITE", RequestUri: &redirectv1.SipUri{Text: "sip:+15550100@edge.test"},
			CallId: "a84b4c76e66710@caller.test", SourceAddress: "127.0.0.1:5080", Transport: "udp",
			TimeLeft: durationpb.New(3 * time.Minute),
		},
		Event: &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{Response: response, Contacts: contacts}},
		Attempts: []*redirectv1.Attempt{{
			Target:  &redirectv1.Target{Uri: "sip:+15550100@edge.test", NextHop: "sip:127.0.0.1:5070"},
			Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: response,
		}},
		AskedAt: &timestamppb.Timestamp{Seconds: 1_800_000_000},
	}
}

// Contact returns a contact without q.
func Contact(uri string) *redirectv1.Contact {
	return &redirectv1.Contact{Uri: &redirectv1.SipUri{Text: uri}}
}

// ContactQ returns a contact with a q in thousandths.
func ContactQ(uri string, q uint32) *redirectv1.Contact {
	c := Contact(uri)
	c.QMilli = &q
	return c
}

func with(req *redirectv1.DecideRequest, changes ...change) *redirectv1.DecideRequest {
	for _, c := range changes {
		c(req)
	}
	return req
}

// after puts attempts that ended before the one that brought the event; status
// 0 is a timeout.
func after(status uint32, uris ...string) change {
	return func(req *redirectv1.DecideRequest) {
		for _, uri := range uris {
			a := &redirectv1.Attempt{Target: &redirectv1.Target{Uri: uri}, Outcome: redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT}
			if status > 0 {
				a.Outcome, a.Response = redirectv1.Outcome_OUTCOME_RESPONSE, &redirectv1.SipResponse{Status: status}
			}
			req.Attempts = append(req.GetAttempts(), a)
		}
	}
}

// from makes a new attempt to uri the one that brought the event.
func from(uri string) change {
	return func(req *redirectv1.DecideRequest) {
		req.Attempts = append(req.GetAttempts(), &redirectv1.Attempt{
			Target:  &redirectv1.Target{Uri: uri},
			Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: req.GetRedirect().GetResponse(),
		})
	}
}

func remaining(uris ...string) change {
	return func(req *redirectv1.DecideRequest) {
		for _, uri := range uris {
			req.Remaining = append(req.GetRemaining(), &redirectv1.Target{Uri: uri, Label: "kept"})
		}
	}
}

func profile(name string) change {
	return func(req *redirectv1.DecideRequest) { req.Call.Profile = name }
}

func caller(uri string) change {
	return func(req *redirectv1.DecideRequest) {
		req.Call.RequestUri.Text = uri
		req.Attempts[0].Target.Uri = uri
	}
}

func attemptsLeft(n uint32) change {
	return func(req *redirectv1.DecideRequest) { req.Edge.AttemptsLeft = &n }
}

// failed makes the event the failure of the last attempt.
func failed(req *redirectv1.DecideRequest) {
	req.Event = &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}
}

// lastAttempt changes the attempt that brought the event.
func lastAttempt(f func(*redirectv1.Attempt)) change {
	return func(req *redirectv1.DecideRequest) {
		last := len(req.GetAttempts()) - 1
		req.Attempts[last] = proto.CloneOf(req.GetAttempts()[last])
		f(req.GetAttempts()[last])
	}
}
