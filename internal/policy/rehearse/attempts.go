package rehearse

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Bounds of the contract.
const (
	maxAttempts = 64
	maxTargets  = 64
)

// readTarget reads the keys of a target; which of them is missing or not known is
// for the caller to say.
func readTarget(m *strictyaml.Map) *redirectv1.Target {
	t := &redirectv1.Target{}
	if m.Require("uri") {
		m.String("uri", &t.Uri)
	}
	m.Strings("routes", &t.Routes)
	m.String("next_hop", &t.NextHop)
	m.String("label", &t.Label)
	t.ResponseTimeout = readTimeout(m, "response_timeout", 100*time.Millisecond, 32*time.Second)
	t.AnswerTimeout = readTimeout(m, "answer_timeout", time.Second, 10*time.Minute)
	return t
}

func readTimeout(m *strictyaml.Map, key string, lo, hi time.Duration) *durationpb.Duration {
	var d time.Duration
	if !m.Duration(key, &d, lo, hi) {
		return nil
	}
	return durationpb.New(d)
}

// readTargets reads a list of targets, each a URI or a map.
func readTargets(m *strictyaml.Map, key string) (targets []*redirectv1.Target) {
	m.EachOrMap(key, func(v strictyaml.Value) {
		targets = append(targets, &redirectv1.Target{Uri: v.Text})
	}, func(t *strictyaml.Map) {
		targets = append(targets, readTarget(t))
		t.Done()
	})
	if len(targets) > maxTargets {
		m.Failf(key, "%d targets are more than %d", len(targets), maxTargets)
	}
	return targets
}

// readAttempts reads the attempts before the one that brought the event.
func readAttempts(m *strictyaml.Map, key string) (attempts []*redirectv1.Attempt) {
	for _, a := range m.Maps(key) {
		attempt := readOutcome(a)
		if !a.Has("status") && !a.Has("outcome") {
			a.Failf("uri", "how did it end? want status or outcome")
		}
		attempt.Target = readTarget(a)
		a.Done()
		attempts = append(attempts, attempt)
	}
	return attempts
}

// outcomes are how an attempt ends without a response.
var outcomes = map[string]redirectv1.Outcome{
	"response_timeout": redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT,
	"answer_timeout":   redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT,
	"transport_error":  redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR,
	"unresolvable":     redirectv1.Outcome_OUTCOME_UNRESOLVABLE,
	"refused":          redirectv1.Outcome_OUTCOME_REFUSED,
}

// readOutcome reads how an attempt ended: by a status, or otherwise.
func readOutcome(m *strictyaml.Map) *redirectv1.Attempt {
	a := &redirectv1.Attempt{Outcome: redirectv1.Outcome_OUTCOME_RESPONSE}
	var status, provisional int
	var reason, outcome string
	if m.Int("status", &status, 300, 699) {
		a.Response = &redirectv1.SipResponse{Status: uint32(status), ReasonPhrase: message.ReasonPhrase(status)}
	}
	if m.String("reason", &reason) && a.GetResponse() != nil {
		a.Response.ReasonPhrase = reason
	}
	if m.Enum("outcome", &outcome, "response_timeout", "answer_timeout", "transport_error", "unresolvable", "refused") {
		a.Outcome = outcomes[outcome]
	}
	if m.Has("status") && m.Has("outcome") {
		m.Failf("outcome", "there is a status too; an attempt ends in one way")
	}
	if m.Int("provisional", &provisional, 100, 199) {
		a.ProvisionalStatus, a.Rang = uint32(provisional), provisional == 180 || provisional == 183
	}
	return a
}
