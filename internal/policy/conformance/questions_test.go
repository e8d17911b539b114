package conformance

import (
	"testing"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// TestQuestionsKeepTheContract: what an edge promises of a question holds for ours,
// or the answers would say nothing.
func TestQuestionsKeepTheContract(t *testing.T) {
	t.Parallel()
	ids := make(map[string]string)
	all := questions()
	for _, s := range scenarios() {
		all = append(all, question{"call " + s.id, s.first})
	}
	all = append(all, question{"largest", largest("largest")}, question{"remaining", largestRemaining("remaining")}, question{"least", least()})
	for _, q := range all {
		id := q.req.GetRequestId()
		if n := len(id); n < 1 || n > 64 || ids[id] != "" {
			t.Errorf("%s: request_id %q has %d characters, or is that of %q too", q.name, id, n, ids[id])
		}
		ids[id] = q.name
		checkBounds(t, &q)
		if _, err := policy.NewBuiltin(nil).Decide(t.Context(), q.req); err != nil {
			t.Errorf("%s makes no sense: %v", q.name, err)
		}
	}
	if n := proto.Size(largest("largest")); n < 240<<10 {
		t.Errorf("the largest question has %d bytes only", n)
	}
}

func checkBounds(t *testing.T, q *question) {
	t.Helper()
	if n := proto.Size(q.req); n > maxQuestion {
		t.Errorf("%s has %d bytes", q.name, n)
	}
	if n := len(q.req.GetAttempts()); n < 1 || n > 64 {
		t.Errorf("%s has %d attempts", q.name, n)
	}
	if len(q.req.GetRemaining()) > 64 || len(q.req.GetRedirect().GetContacts()) > 64 {
		t.Errorf("%s has too many targets or contacts", q.name)
	}
	last := q.req.GetAttempts()[len(q.req.GetAttempts())-1]
	response := q.req.GetRedirect().GetResponse()
	if response == nil {
		response = q.req.GetAdvice().GetResponse()
	}
	if !proto.Equal(last.GetResponse(), response) {
		t.Errorf("%s: the last attempt did not bring the event", q.name)
	}
	for _, c := range q.req.GetRedirect().GetContacts() {
		if c.GetUnreadable() != "" && !proto.Equal(c.GetUri(), &redirectv1.SipUri{Text: c.GetUri().GetText()}) {
			t.Errorf("%s: an unreadable contact has more than its text: %v", q.name, c)
		}
	}
}
