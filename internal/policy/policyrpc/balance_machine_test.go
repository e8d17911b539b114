package policyrpc_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// machine tells a decision that the client lost from one that this computer,
// busy with other tests, had no time for: it asks a process that nothing
// happens to, directly and all the time.
type machine struct {
	mu      sync.Mutex
	slack   []time.Time // when an answer took more than half of the deadline, or an error came
	asked   int
	excused int
}

func observe(t *testing.T, p *process) *machine {
	t.Helper()
	m := &machine{}
	client := dial(t, p.address, policyrpc.ClientOptions{})
	if _, err := ask(t, client, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	steady(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := client.Decide(ctx, redirected()); err != nil || time.Since(start) > deadline/2 {
			m.mu.Lock()
			m.slack = append(m.slack, time.Now())
			m.mu.Unlock()
		}
		return nil
	})
	return m
}

// excuse gives the error of f, unless the machine was too busy meanwhile: the
// other process, which the client under test has no part in, did not answer well
// either.
func (m *machine) excuse(t *testing.T, f func() error) error {
	t.Helper()
	start := time.Now()
	err := f()
	m.mu.Lock()
	m.asked++
	m.mu.Unlock()
	if err == nil {
		return nil
	}
	busy := false
	// What was asked there at the same time, and is late, ends soon after.
	for end := time.Now().Add(2 * deadline); !busy && time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		m.mu.Lock()
		busy = slices.ContainsFunc(m.slack, start.Before)
		m.mu.Unlock()
	}
	if busy {
		m.mu.Lock()
		m.excused++
		m.mu.Unlock()
		t.Logf("this machine is too busy for a deadline of %s: %v", deadline, err)
		return nil
	}
	return err
}

// maxExcused is the share of decisions that a busy machine may be blamed for, in
// percent.
const maxExcused = 3

// check fails the test if so much was excused that it shows nothing.
func (m *machine) check(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.excused*100 > m.asked*maxExcused {
		t.Errorf("%d of %d decisions were excused, more than %d %%: this machine is too busy for this test", m.excused, m.asked, maxExcused)
	}
}

func redirected() *redirectv1.DecideRequest {
	uri := func(host string) *redirectv1.SipUri {
		return &redirectv1.SipUri{Text: "sip:bob@" + host, Scheme: "sip", User: "bob", Host: host}
	}
	response := &redirectv1.SipResponse{Status: 302, ReasonPhrase: "Moved Temporarily", SourceAddress: "192.0.2.5:5060"}
	return &redirectv1.DecideRequest{
		RequestId: "1",
		Edge:      &redirectv1.Edge{Instance: "test", AttemptsLeft: new(uint32(64)), Features: []string{"routes"}},
		Call:      &redirectv1.Call{Method: "INVITE", RequestUri: uri("example.com"), CallId: "1@192.0.2.1", SourceAddress: "192.0.2.1:5060", Transport: "udp"},
		Event: &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{
			Response: response,
			Contacts: []*redirectv1.Contact{{Uri: uri("192.0.2.7")}},
		}},
		Attempts: []*redirectv1.Attempt{{
			Target:   &redirectv1.Target{Uri: "sip:bob@example.com"},
			Outcome:  redirectv1.Outcome_OUTCOME_RESPONSE,
			Response: response,
		}},
	}
}
