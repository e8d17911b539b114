package rehearse

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Test is one question and what is expected of the answer.
type Test struct {
	File string
	Line int // of its name
	Name string

	request *redirectv1.DecideRequest
	checks  []check
}

// noon is when a test without a time takes place: a Thursday.
var noon = time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)

func readTest(file string, m *strictyaml.Map) *Test {
	t := &Test{File: file}
	if m.Require("name") {
		if v, ok := m.Value("name"); ok {
			t.Line = v.Line
		}
		if m.String("name", &t.Name) && t.Name == "" {
			m.Failf("name", "the name is empty")
		}
	}
	t.request = readQuestion(file, m)
	t.checks = readExpect(m)
	m.Done()
	return t
}

// readQuestion reads all of a test but what is expected. It is nil if a problem was
// found.
func readQuestion(file string, m *strictyaml.Map) *redirectv1.DecideRequest {
	var profile string
	m.String("profile", &profile)
	at := readTime(m)
	e := readEvent(file, m)
	c := readCall(file, m, e.answer())
	before := readAttempts(m, "attempts")
	remaining := readTargets(m, "remaining")
	edge := readEdge(m.Map("edge"))
	if e == nil || c == nil {
		return nil
	}
	q := e.question(c)
	if q == nil {
		return nil
	}
	q.Call.Profile, q.Remaining, q.Edge = profile, remaining, edge
	e.place(q, before)
	q.AskedAt = timestamppb.New(at)
	q.Call.ReceivedAt = q.GetAskedAt()
	return q
}

func readTime(m *strictyaml.Map) time.Time {
	var text string
	if !m.String("at", &text) {
		return noon
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		m.Failf("at", "%q is no time as in RFC 3339; want one such as 2026-11-28T12:00:00Z", text)
		return noon
	}
	return at
}

// readEdge reads who asks; an edge that nothing is said of is able to do all.
func readEdge(m *strictyaml.Map) *redirectv1.Edge {
	e := &redirectv1.Edge{Instance: "rehearsal"}
	if m == nil {
		return e
	}
	m.Strings("features", &e.Features)
	m.Strings("allowed_headers", &e.AllowedHeaders)
	m.Strings("own_addresses", &e.OwnAddresses)
	var left int
	if m.Int("attempts_left", &left, 0, maxAttempts) {
		e.AttemptsLeft = new(uint32(left))
	}
	m.Done()
	return e
}
