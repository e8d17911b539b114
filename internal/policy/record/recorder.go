package record

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
)

// Bounds of what may wait to be made a line.
const (
	maxWaiting      = 4096
	maxWaitingBytes = 16 << 20
)

// Options are what a recorder needs beside its configuration.
type Options struct {
	// Program is what the name of the metric begins with: "sipedge" or
	// "redirectd". Required.
	Program string
	// Policy is who is asked, as [Entry.Policy] has it.
	Policy string
	// Stdout is where lines of the file stdout go. Required for that.
	Stdout io.Writer
	// Logger hears of lines that are lost. Nil: nobody does.
	Logger *slog.Logger
	// Registerer gets the metrics. Nil: none are exported.
	Registerer prometheus.Registerer
}

// Recorder writes down what the policies that it wraps are asked. Its methods are
// safe for concurrent use. Nobody waits for it: what it does not keep up with is
// dropped and counted.
type Recorder struct {
	policy  string
	run     string
	share   float64
	redact  *redactor // nil: nothing is redacted; the goroutine's own
	log     *slog.Logger
	lines   *linelog.Writer
	results *prometheus.CounterVec

	mu      sync.RWMutex // held for reading by who sends
	closed  bool
	waiting chan *exchange
	bytes   atomic.Int64 // of what waits
	done    chan struct{}
}

// exchange is a question with what came of it, as bytes: whoever asked may change
// its messages.
type exchange struct {
	asked    time.Time
	took     time.Duration
	question []byte
	answer   []byte
	err      *Error
}

func (x *exchange) size() int64 { return int64(len(x.question) + len(x.answer)) }

// Open starts a recorder. The error is about the file, or metrics that the
// Registerer has already. Close ends it.
func Open(cfg Config, o Options) (*Recorder, error) {
	r := &Recorder{
		policy: o.Policy, run: newRun(), share: cfg.Share, log: o.Logger,
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: o.Program + "_policy_recordings_total",
			Help: "Questions that were to be recorded, by what became of their records.",
		}, []string{"result"}),
		waiting: make(chan *exchange, maxWaiting),
		done:    make(chan struct{}),
	}
	if r.share == 0 {
		r.share = 100
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if cfg.Redact == RedactUsers {
		r.redact = newRedactor()
	}
	for _, result := range append([]linelog.Reason{written, unwritable}, linelog.Reasons()...) {
		r.results.WithLabelValues(string(result)) // 0, and not unknown
	}
	if o.Registerer != nil {
		if err := o.Registerer.Register(r.results); err != nil {
			return nil, err
		}
	}
	lines, err := linelog.Open(cfg.Config, linelog.Options{
		What: "recordings", Stdout: o.Stdout, Logger: r.log,
		Written: func(n int) { r.count(written, n) }, Lost: r.count,
	})
	if err != nil {
		return nil, err
	}
	r.lines = lines
	go r.work()
	return r, nil
}

// What becomes of a record beside the reasons of linelog.
const (
	written    linelog.Reason = "written"
	unwritable linelog.Reason = "unwritable" // it is too long, or could not be made
)

func (r *Recorder) count(result linelog.Reason, n int) {
	r.results.WithLabelValues(string(result)).Add(float64(n))
}

func newRun() string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// Wrap returns a policy that answers as p does, and records it, but for questions
// that nobody acts on (edge.shadow): a replay must not record itself.
func (r *Recorder) Wrap(p policy.Policy) policy.Policy {
	return policy.Func(func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		if req.GetEdge().GetShadow() || !r.drawn(req.GetCall().GetCallId()) {
			return p.Decide(ctx, req)
		}
		asked := time.Now()
		resp, err := p.Decide(ctx, req)
		r.add(asked, req, resp, err)
		return resp, err
	})
}

// drawn reports whether a call is recorded: the same for all its questions, and
// on every edge with the same share.
func (r *Recorder) drawn(callID string) bool {
	if r.share >= 100 {
		return true
	}
	const bits = 53 // that a float64 holds exactly
	lot := float64(xxhash.Sum64String("record\x00"+callID)>>(64-bits)) / (1 << bits)
	return lot*100 < r.share
}

// add takes a copy of what was said.
func (r *Recorder) add(asked time.Time, req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse, err error) {
	took := time.Since(asked)
	if r.bytes.Load() >= maxWaitingBytes || len(r.waiting) == cap(r.waiting) {
		r.count(linelog.QueueFull, 1)
		return
	}
	x := &exchange{asked: asked, took: took}
	if err != nil {
		x.err = &Error{KindOf(err), err.Error()}
	}
	var errs [2]error
	x.question, errs[0] = proto.Marshal(req)
	if err == nil && resp != nil {
		x.answer, errs[1] = proto.Marshal(resp)
	}
	if errors.Join(errs[:]...) != nil { // a text that is not UTF-8: a policy of ours has none
		r.count(unwritable, 1)
		return
	}
	if err == nil && resp == nil {
		x.err = &Error{Failed, "the answer is empty"}
	}
	r.send(x)
}

func (r *Recorder) send(x *exchange) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed {
		r.count(linelog.Closed, 1)
		return
	}
	r.bytes.Add(x.size())
	select {
	case r.waiting <- x:
	default:
		r.bytes.Add(-x.size())
		r.count(linelog.QueueFull, 1)
	}
}

// KindOf returns what kind an error of a policy is of.
func KindOf(err error) ErrorKind {
	switch {
	case errors.Is(err, policy.ErrUnknownProfile):
		return UnknownProfile
	case errors.Is(err, policy.ErrInvalidRequest):
		return InvalidRequest
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.Is(err, context.Canceled):
		return Cancelled
	}
	return Failed
}

// work makes lines until the recorder is closed.
func (r *Recorder) work() {
	defer close(r.done)
	for x := range r.waiting {
		line, err := r.encode(x)
		r.bytes.Add(-x.size())
		if err != nil {
			r.count(unwritable, 1)
			r.log.Warn("a question is not recorded", "error", err)
			continue
		}
		r.lines.Add(line)
	}
}

// encode makes a line. What a question can make fail costs its line and not the
// program.
func (r *Recorder) encode(x *exchange) (line []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			line, err = nil, fmt.Errorf("panic: %v", v)
		}
	}()
	e := &Entry{
		Asked: x.asked, Run: r.run, Policy: r.policy, Duration: x.took, Error: x.err,
		Question: &redirectv1.DecideRequest{},
	}
	if err := proto.Unmarshal(x.question, e.Question); err != nil {
		return nil, err
	}
	if x.err == nil {
		e.Answer = &redirectv1.DecideResponse{}
		if err := proto.Unmarshal(x.answer, e.Answer); err != nil {
			return nil, err
		}
	}
	if r.redact != nil {
		r.redact.redact(e)
	}
	return e.Encode()
}

// Reopen goes on with the file of the configured name: another program may have
// renamed the one in use.
func (r *Recorder) Reopen() { r.lines.Reopen() }

// Close writes what waits, and ends the recorder. When ctx is done first, it
// returns an error: what was not written then may be lost. What the policies are
// asked later is not recorded.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		close(r.waiting)
	}
	r.mu.Unlock()
	select {
	case <-r.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	return r.lines.Close(ctx)
}
