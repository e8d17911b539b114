package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// toStdout records to a buffer.
func toStdout(t testing.TB, cfg Config) (*Recorder, *bytes.Buffer, *prometheus.Registry) {
	t.Helper()
	var out bytes.Buffer
	registry := prometheus.NewRegistry()
	cfg.File = linelog.Stdout
	r, err := Open(cfg, Options{Program: "redirectd", Policy: "redirectd", Stdout: &out, Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	return r, &out, registry
}

func closed(t testing.TB, r *Recorder) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// entries reads a recording.
func entries(t *testing.T, text []byte) (all []*Entry) {
	t.Helper()
	for line := range bytes.Lines(text) {
		e, err := Decode(line)
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, e)
	}
	return all
}

// TestAnswersAsBefore: whoever is asked through a recorder answers as ever, and what
// is recorded is what was said, even if it is changed afterwards.
func TestAnswersAsBefore(t *testing.T) {
	t.Parallel()
	r, out, registry := toStdout(t, Config{})
	errBroken := errors.New("broken")
	var asked, answered []proto.Message
	p := r.Wrap(policy.Func(func(ctx context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		if q.GetRequestId() == "broken" {
			return nil, errBroken
		}
		return policy.NewBuiltin(nil).Decide(ctx, q)
	}))
	for _, id := range []string{"good", "broken", "invalid"} {
		q := policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:a@192.0.2.1"))
		q.RequestId, q.PolicyState = id, []byte{0, 1, 255}
		if id == "invalid" {
			q.Attempts = nil
		}
		asked = append(asked, proto.CloneOf(q))
		answer, err := p.Decide(t.Context(), q)
		if id == "broken" && !errors.Is(err, errBroken) || id == "invalid" && !errors.Is(err, policy.ErrInvalidRequest) || id == "good" && err != nil {
			t.Errorf("%s: %v", id, err)
		}
		answered = append(answered, proto.CloneOf(answer))
		proto.Reset(q)
		if answer != nil {
			proto.Reset(answer)
		}
	}
	closed(t, r)
	all := entries(t, out.Bytes())
	if len(all) != 3 {
		t.Fatalf("%d records", len(all))
	}
	for i, e := range all {
		if !proto.Equal(e.Question, asked[i]) || e.Run != all[0].Run || len(e.Run) != 8 || e.Policy != "redirectd" || e.Duration < 0 || time.Since(e.Asked) > time.Minute {
			t.Errorf("%+v", e)
		}
	}
	if !proto.Equal(all[0].Answer, answered[0]) || all[0].Error != nil {
		t.Errorf("%+v", all[0])
	}
	if *all[1].Error != (Error{Failed, "broken"}) || all[1].Answer != nil || all[2].Error.Kind != InvalidRequest {
		t.Errorf("%+v, %+v", all[1], all[2])
	}
	if _, err := p.Decide(t.Context(), asked[0].(*redirectv1.DecideRequest)); err != nil {
		t.Error(err)
	}
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP redirectd_policy_recordings_total Questions that were to be recorded, by what became of their records.
# TYPE redirectd_policy_recordings_total counter
redirectd_policy_recordings_total{result="closed"} 1
redirectd_policy_recordings_total{result="queue_full"} 0
redirectd_policy_recordings_total{result="unwritable"} 0
redirectd_policy_recordings_total{result="write_error"} 0
redirectd_policy_recordings_total{result="written"} 3
`)); err != nil {
		t.Error(err)
	}
}

// TestShare: a call is recorded with all its questions, or with none.
func TestShare(t *testing.T) {
	t.Parallel()
	r, out, _ := toStdout(t, Config{Share: 20})
	p := r.Wrap(policy.NewBuiltin(nil))
	const calls, questions = 1000, 2
	for range questions {
		for i := range calls {
			q := policytest.Redirected(302, "Moved Temporarily")
			q.Call.CallId = fmt.Sprint(i)
			if _, err := p.Decide(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}
	}
	shadow := policytest.Redirected(302, "Moved Temporarily")
	shadow.Edge.Shadow = true
	for i := range calls {
		shadow.Call.CallId = fmt.Sprint(i)
		if _, err := p.Decide(t.Context(), shadow); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, r)
	of := make(map[string]int)
	for _, e := range entries(t, out.Bytes()) {
		of[e.Question.GetCall().GetCallId()]++
	}
	if len(of) < calls/10 || len(of) > calls*3/10 {
		t.Errorf("%d calls of %d", len(of), calls)
	}
	for call, n := range of {
		if n != questions {
			t.Errorf("call %s has %d records", call, n)
		}
	}
}

// TestRedactedFile: users have one pseudonym in the whole run, and state is gone.
func TestRedactedFile(t *testing.T) {
	t.Parallel()
	r, out, _ := toStdout(t, Config{Redact: RedactUsers})
	p := r.Wrap(policy.NewBuiltin(nil))
	for i := range 3 {
		q := policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:+49301234567@192.0.2.1"))
		if i == 2 {
			q.PolicyState = []byte("+49301234567")
		}
		if _, err := p.Decide(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, r)
	all := entries(t, out.Bytes())
	if bytes.Contains(out.Bytes(), []byte("49301234567")) || len(all) != 3 {
		t.Fatalf("%s", out)
	}
	for i, e := range all {
		uri := e.Question.GetRedirect().GetContacts()[0].GetUri().GetText()
		if uri != all[0].Question.GetRedirect().GetContacts()[0].GetUri().GetText() || uri != e.Answer.GetTryTargets().GetTargets()[0].GetUri() {
			t.Errorf("%s", uri)
		}
		if e.Redacted != RedactUsers || e.StateRemoved != (i == 2) || len(e.Question.GetPolicyState()) > 0 {
			t.Errorf("%+v", e)
		}
	}
}

// TestTooLong: what has no place in a line is counted.
func TestTooLong(t *testing.T) {
	t.Parallel()
	r, out, _ := toStdout(t, Config{})
	q := policytest.Redirected(302, strings.Repeat("\x01", MaxLine/6))
	if _, err := r.Wrap(policy.NewBuiltin(nil)).Decide(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	closed(t, r)
	if n := testutil.ToFloat64(r.results.WithLabelValues("unwritable")); n != 1 || out.Len() > 0 {
		t.Errorf("%v are counted, %d bytes written", n, out.Len())
	}
}

// TestPanic: a question whose users cannot be hidden costs its line, and the next
// one is written.
func TestPanic(t *testing.T) {
	t.Parallel()
	r, out, _ := toStdout(t, Config{})
	p := r.Wrap(policy.NewBuiltin(nil))
	r.redact = &redactor{} // has no key
	q := policytest.Redirected(302, "", policytest.Contact("sip:+49301234567@h"))
	if _, err := p.Decide(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	for testutil.ToFloat64(r.results.WithLabelValues("unwritable")) == 0 {
		runtime.Gosched()
	}
	r.redact = nil
	if _, err := p.Decide(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	closed(t, r)
	if n := testutil.ToFloat64(r.results.WithLabelValues("unwritable")); n != 1 || bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Errorf("%v are counted, written is %s", n, out)
	}
}

// stuck is a pipe that nobody reads until it is opened.
type stuck struct{ open chan struct{} }

func (s stuck) Write(b []byte) (int, error) {
	<-s.open
	return len(b), nil
}

// TestNobodyWaits: with a pipe that is stuck, questions are answered and not
// recorded, and memory is bounded.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	pipe := stuck{make(chan struct{})}
	r, err := Open(Config{Config: linelog.Config{File: linelog.Stdout}}, Options{Program: "redirectd", Stdout: pipe})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Wrap(policy.NewBuiltin(nil))
	q := policytest.Redirected(302, strings.Repeat("x", 100<<10), policytest.Contact("sip:a@h"))
	const asked = 400 // of more than 100 KiB: 40 MiB
	for range asked {
		if _, err := p.Decide(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		if n := r.bytes.Load(); n > maxWaitingBytes+1<<20 {
			t.Fatalf("%d bytes wait", n)
		}
	}
	close(pipe.open)
	closed(t, r)
	written, lost := testutil.ToFloat64(r.results.WithLabelValues("written")), testutil.ToFloat64(r.results.WithLabelValues("queue_full"))
	if lost == 0 || written == 0 || written+lost != asked {
		t.Errorf("%v written, %v lost of %d", written, lost, asked)
	}
}

// TestConcurrent: many ask, and it is closed among them.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	r, out, _ := toStdout(t, Config{Redact: RedactUsers})
	p := r.Wrap(policy.NewBuiltin(nil))
	var wg sync.WaitGroup
	const goroutines, each = 8, 50
	for range goroutines {
		wg.Go(func() {
			for i := range each {
				if _, err := p.Decide(t.Context(), policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:a@h"))); err != nil {
					t.Error(err)
				}
				if i == each/2 {
					r.Reopen()
				}
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		t.Error(err)
	}
	wg.Wait()
	written, late := testutil.ToFloat64(r.results.WithLabelValues("written")), testutil.ToFloat64(r.results.WithLabelValues("closed"))
	if n := len(entries(t, out.Bytes())); float64(n) != written || written+late != goroutines*each {
		t.Errorf("%d records, %v written, %v late", n, written, late)
	}
}

// TestRotation: a file is rotated at its size, and each has whole records.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "recording.jsonl")
	r, err := Open(Config{Config: linelog.Config{File: path, MaxSize: linelog.MinSize}}, Options{Program: "redirectd"})
	if err != nil {
		t.Fatal(err)
	}
	p := r.Wrap(policy.NewBuiltin(nil))
	const n = 60
	for range n { // of 50 KiB
		if _, err := p.Decide(t.Context(), policytest.Redirected(302, strings.Repeat("x", 25<<10), policytest.Contact("sip:a@h"))); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, r)
	names, err := filepath.Glob(filepath.Join(dir, "recording*.jsonl"))
	if err != nil || len(names) < 2 {
		t.Fatalf("%q, %v", names, err)
	}
	found := 0
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil || len(data) > linelog.MinSize {
			t.Fatalf("%s: %d bytes, %v", name, len(data), err)
		}
		found += len(entries(t, data))
	}
	if found != n {
		t.Errorf("%d records of %d", found, n)
	}
}

func TestParseShare(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		"5%": 5.0, "0.5%": 0.5, "100%": 100.0, "99.999%": 99.999,
		"5": `"5" is no share; want a percentage, as in 5% or 0.5%`, "-5%": `"-5%" is no share; want a percentage, as in 5% or 0.5%`,
		"0%": "0% is out of range (above 0% to 100%)", "100.1%": "100.1% is out of range (above 0% to 100%)",
		"1e1%": `"1e1%" is no share; want a percentage, as in 5% or 0.5%`, "%": `"%" is no share; want a percentage, as in 5% or 0.5%`,
	} {
		got, err := ParseShare(text)
		if err != nil && err.Error() != want || err == nil && got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

// TestMetricTwice: two recorders with one registry are a mistake, and said.
func TestMetricTwice(t *testing.T) {
	t.Parallel()
	r, _, registry := toStdout(t, Config{})
	defer closed(t, r)
	if _, err := Open(Config{Config: linelog.Config{File: linelog.Stdout}}, Options{Program: "redirectd", Registerer: registry}); err == nil {
		t.Error("nobody minds")
	}
}

func BenchmarkWrap(b *testing.B) {
	for name, redact := range map[string]Redact{"plain": RedactNone, "redacted": RedactUsers} {
		b.Run(name, func(b *testing.B) {
			r, _, _ := toStdout(b, Config{Redact: redact})
			p := r.Wrap(policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
				return &redirectv1.DecideResponse{}, nil
			}))
			q := policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:+49301234567@h"), policytest.Contact("sip:bob@h"))
			for b.Loop() {
				_, _ = p.Decide(context.Background(), q)
			}
			closed(b, r)
			b.ReportMetric(testutil.ToFloat64(r.results.WithLabelValues("written"))/float64(b.N), "written/op")
		})
	}
}
