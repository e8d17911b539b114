package callrecord

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/redirectd/redirectd/internal/linelog"
)

// hostile makes records that a hostile peer or policy would want: every list and
// every text as long as it is told, of the worst bytes.
type hostile struct {
	*rand.Rand
	texts []string
	list  int
}

func (h *hostile) fill(v reflect.Value) {
	switch {
	case v.Kind() == reflect.String:
		v.SetString(h.texts[h.IntN(len(h.texts))])
	case v.Kind() == reflect.Int:
		v.SetInt(h.Int64N(1 << 40))
	case v.Kind() == reflect.Float64:
		v.SetFloat(h.Float64() * 1e9)
	case v.Kind() == reflect.Bool:
		v.SetBool(h.IntN(2) == 0)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		h.fill(v.Elem())
	case v.Kind() == reflect.Slice:
		n := h.list
		if v.Type().Elem() == reflect.TypeFor[int]() {
			n = min(n, 64)
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			h.fill(v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for _, f := range v.Fields() {
			h.fill(f)
		}
	default:
		panic("a record has a " + v.Kind().String())
	}
}

func (h *hostile) call() *Call {
	c := &Call{}
	h.fill(reflect.ValueOf(c).Elem())
	c.Shortened = false
	return c
}

// encoded is a line as it is written.
func encoded(t testing.TB, line Line) []byte {
	t.Helper()
	var got []byte
	if err := encode(line, func(b []byte) { got = bytes.Clone(b) }); err != nil {
		t.Fatal(err)
	}
	return got
}

// checkLine: one line of JSON, in UTF-8, within the bound.
func checkLine(t *testing.T, line []byte) {
	t.Helper()
	switch {
	case len(line) > MaxBytes:
		t.Errorf("%d bytes, more than %d", len(line), MaxBytes)
	case bytes.IndexByte(line, '\n') != len(line)-1:
		t.Errorf("the only end of a line is not the end: %q", line)
	case !json.Valid(line):
		t.Errorf("no JSON: %s", line)
	case !utf8.Valid(line):
		t.Errorf("no UTF-8: %q", line)
	}
}

// TestEveryLineParses: whatever a record has in it, and however much.
func TestEveryLineParses(t *testing.T) {
	t.Parallel()
	worst := []string{
		strings.Repeat("\x00", 70000), strings.Repeat("\x7f\xff", 3000), strings.Repeat("\n\r\"\\", 2000), strings.Repeat("\u2028", 900),
		strings.Repeat("é", 30000), "</script>", "", strings.Repeat("\xe2\x80", 5000),
	}
	for seed := range uint64(3) {
		for _, list := range []int{0, 1, 9, 20} {
			for _, texts := range [][]string{worst, worst[:1], {"short"}, {strings.Repeat("\x01", 48)}} {
				h := &hostile{rand.New(rand.NewPCG(seed, 1)), texts, list}
				if list > 1 { // no 3xx has more than its 64 KiB
					h.texts = clipped(texts, 1<<13/list)
				}
				checkLine(t, encoded(t, h.call()))
			}
		}
		h := &hostile{rand.New(rand.NewPCG(seed, 2)), worst, 3}
		late := &Late{}
		h.fill(reflect.ValueOf(late).Elem())
		checkLine(t, encoded(t, late))
		shadow := &Shadow{}
		h.fill(reflect.ValueOf(shadow).Elem())
		checkLine(t, encoded(t, shadow))
	}
}

func clipped(texts []string, limit int) []string {
	short := make([]string, len(texts))
	for i, s := range texts {
		short[i] = s[:min(len(s), limit)]
	}
	return short
}

// TestShortened says what was cut, and keeps how a call began and what came of it.
func TestShortened(t *testing.T) {
	t.Parallel()
	h := &hostile{rand.New(rand.NewPCG(1, 1)), []string{strings.Repeat("\x01", 60)}, 64}
	c := typical()
	h.fill(reflect.ValueOf(&c.Attempts).Elem())
	h.fill(reflect.ValueOf(&c.Redirects[0].Contacts).Elem())
	c.Final.Why = strings.Repeat("é", 100)
	for i := range c.Attempts {
		c.Attempts[i].N = i
	}
	c.Redirects[0].ContactsOmitted, c.AttemptsOmitted = 5, 0
	var got Call
	if err := json.Unmarshal(encoded(t, c), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Shortened || len(got.Attempts) != 8 || got.AttemptsOmitted != 56 || got.Attempts[0].N != 0 || got.Attempts[3].N != 3 ||
		got.Attempts[4].N != 60 || got.Attempts[7].N != 63 {
		t.Errorf("shortened %v, %d attempts left out: %+v", got.Shortened, got.AttemptsOmitted, got.Attempts)
	}
	if r := got.Redirects[0]; len(r.Contacts) != 8 || r.ContactsOmitted != 5+56 {
		t.Errorf("%d contacts and %d left out, want 8 and 61", len(r.Contacts), r.ContactsOmitted)
	}
	if text := got.Final.Why; len(text) > 48 || text != strings.Repeat("é", 22)+"…" {
		t.Errorf("a text became %q", text)
	}
}

// TestWholeRecordsStay: what is not too long is not touched.
func TestWholeRecordsStay(t *testing.T) {
	t.Parallel()
	h := &hostile{rand.New(rand.NewPCG(1, 1)), []string{strings.Repeat("<é>", 20)}, 8}
	c := h.call()
	line := encoded(t, c)
	var got Call
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	again := encoded(t, &got)
	if !bytes.Equal(line, again) || got.Shortened || !bytes.Contains(line, []byte(`"<é><é>`)) {
		t.Errorf("a record of %d bytes came back with %d, shortened: %v", len(line), len(again), got.Shortened)
	}
}

func TestTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 23, 30, 0, 120_000_000, time.FixedZone("", -3600))
	if got := At(at); got != "2026-03-02T00:30:00.120000000Z" {
		t.Error(got)
	}
	if ms := Milliseconds(1500700 * time.Nanosecond); ms != 1.5 {
		t.Errorf("%v ms", ms)
	}
}

// FuzzEncode puts bytes from the network into every text.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("sip:bob@example.com"), uint64(1), 2)
	f.Add([]byte("\xff\xfe\x00\n\r\"\\\u2028"), uint64(2), 20)
	f.Add(bytes.Repeat([]byte("\x1f"), 100), uint64(3), 20)
	f.Fuzz(func(t *testing.T, text []byte, seed uint64, list int) {
		if list < 0 || list > 20 || len(text)*list > 1<<16 { // no 3xx has more
			return
		}
		h := &hostile{rand.New(rand.NewPCG(seed, 0)), []string{string(text), string(text[:len(text)/2]), ""}, list}
		c := h.call()
		if seed%2 == 0 {
			redact(c)
		}
		checkLine(t, encoded(t, c))
	})
}

// typical is the record of a call with two contacts, the second of which answers.
func typical() *Call {
	now := At(time.Unix(1700000000, 123456789))
	return &Call{
		Kind: KindCall, Schema: Schema, ID: "1y2p0ij32e8e7", Time: now, Edge: Edge{Instance: "edge1", Zone: "a", Version: "1.0.0"},
		Call: Request{
			CallID: "b1@192.0.2.1", FromTag: "b1", Method: "INVITE", RequestURI: "sip:+15551230000@192.0.2.10;user=phone",
			From: "sip:+15557650000@192.0.2.1", To: "sip:+15551230000@192.0.2.10;user=phone", Source: "192.0.2.1:5060", Transport: TransportUDP, ReceivedAt: now,
		},
		Trunk: "carrier-a", Profile: "default",
		Redirects: []Redirect{{Status: 302, Reason: "Moved Temporarily", Contacts: []Contact{
			{URI: "sip:+15551230000@192.0.2.20", Q: new(900), Verdict: VerdictTaken, Rule: "q order", Text: "q=0.9, 1st of 2", Outcome: ContactTried, Attempts: []int{1}},
			{N: 1, URI: "sip:+15551230000@192.0.2.21", Q: new(500), Verdict: VerdictTaken, Rule: "q order", Text: "q=0.5, 2nd of 2", Outcome: ContactTried, Attempts: []int{2}},
		}}},
		Decisions: []Decision{{
			RequestID: "1y2p0ij32e8e7.1", Event: EventRedirect, AskedAt: now, DurationMS: 0.121, Asked: WhoRemote, Action: ActionTryTargets, Targets: 2,
			Rule: "recurse", Text: "302: 2 of 2 contacts are targets, 0 of 10 attempts used", PolicyVersion: "1.0.0", ConfigRevision: "d68f4fb3550f",
		}},
		Attempts: []Attempt{
			{URI: "sip:+15551230000@192.0.2.10;user=phone", NextHop: "sip:192.0.2.10:5060", Address: "192.0.2.10:5060", Trunk: "carrier-a", StartedAt: now, DurationMS: new(1.5), Outcome: OutcomeResponse, Status: 302, Reason: "Moved Temporarily"},
			{N: 1, URI: "sip:+15551230000@192.0.2.20", Contact: &ContactRef{}, Address: "192.0.2.20:5060", StartedAt: now, DurationMS: new(12.25), Outcome: OutcomeResponse, Status: 486, Reason: "Busy Here"},
			{N: 2, URI: "sip:+15551230000@192.0.2.21", Contact: &ContactRef{N: 1}, Address: "192.0.2.21:5060", StartedAt: now, DurationMS: new(2200.123), Provisional: 180, Rang: true, Outcome: OutcomeResponse, Status: 200, Reason: "OK"},
		},
		Final: Final{Result: ResultSent, Status: 200, Reason: "OK", Attempt: new(2), At: now, DurationMS: 2214.017, Why: "target answered"},
	}
}

// BenchmarkAdd is what a record costs whoever adds it.
func BenchmarkAdd(b *testing.B) {
	for _, redact := range []Redact{RedactNone, RedactUsers} {
		b.Run(string(redact), func(b *testing.B) {
			w, err := Open(Config{Config: linelog.Config{File: linelog.Stdout}, Redact: redact}, Options{Stdout: discard{}})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = w.Close(b.Context()) })
			b.ReportAllocs()
			for b.Loop() {
				w.Add(typical())
			}
		})
	}
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
