package edge

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"hash/maphash"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/policy"
)

// Options are what an edge is made of.
type Options struct {
	Config Config
	// Policy is a remote policy: it is asked on a goroutine of its own, with a
	// deadline. Nil: the embedded one decides.
	Policy policy.Policy
	// Embedded is the built-in policy: it is asked inline and must not wait.
	// Required.
	Embedded policy.Policy
	// Version stands in questions to the policy.
	Version string
	// Logger gets one line per redirected call. Nil: no logging.
	Logger *slog.Logger
	// Records gets a record of every redirected call. Nil: none are made.
	Records callrecord.Sink
	// Tracer makes the spans of redirected calls. Nil: there are none.
	Tracer trace.Tracer
	// Registerer gets the sipedge_* metrics. Nil: none are exported.
	Registerer prometheus.Registerer
	// Clock says what time it is to every timer of SIP. Nil: [time.Now].
	Clock func() time.Time
}

// Edge is a running proxy. Its methods are safe for concurrent use.
type Edge struct {
	cfg      Config
	now      func() time.Time
	version  string
	log      *slog.Logger
	records  callrecord.Sink
	tracer   trace.Tracer
	policy   policy.Policy
	embedded policy.Policy
	metrics  *metrics

	sockets    *transport.Set
	table      *transaction.Table[*responseContext]
	wheel      *transaction.Wheel
	resolver   *locate.Resolver
	macs       macs
	rooms      map[*Trunk]*room // of those that have a limit
	configured []netip.Addr     // where the configuration sends requests to
	own        []string         // what the edge is reached by, for policies
	flows      flowIndex
	seed       maphash.Seed

	challengedCalls *memory[callKey, *challengedCall]
	withheld        *memory[ackKey, []string] // realms, by the ACK that may carry their credentials

	decisions chan struct{} // one token per outstanding decision
	waiting   *places       // of calls that wait for DNS or a connection
	draining  atomic.Bool

	ctx    context.Context //nolint:containedctx // the lifetime of the edge's goroutines, cancelled by Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// Start binds the listeners and serves until Close.
func Start(o Options) (*Edge, error) {
	o.Config.setDefaults()
	if err := o.Config.Validate(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	e := &Edge{
		cfg: o.Config, now: o.Clock, version: o.Version, log: o.Logger, records: o.Records, tracer: o.Tracer,
		policy: o.Policy, embedded: o.Embedded,
		table:     transaction.NewTable[*responseContext](o.Config.Limits.Transactions),
		wheel:     transaction.NewWheel(o.Clock()),
		seed:      maphash.MakeSeed(),
		macs:      newMACs(o.Config.Secrets),
		decisions: make(chan struct{}, o.Config.Limits.Decisions),
		waiting:   newPlaces(o.Config.Limits.Waiting),

		challengedCalls: newMemory[callKey, *challengedCall](o.Config.Timers.Timeout()),
		withheld:        newMemory[ackKey, []string](o.Config.Timers.Timeout()),
	}
	e.metrics = newMetrics(o.Registerer, e)
	e.ctx, e.cancel = context.WithCancel(context.Background())
	sockets, err := transport.Listen(transport.Config{
		Listen: o.Config.Listen, Advertise: o.Config.Advertise, AdvertiseAt: o.Config.AdvertiseAt, TLS: o.Config.TLS, Logger: o.Logger,
		MaxConnections: o.Config.Connections.Max, MaxConnectionsPerSource: o.Config.Connections.PerSource,
		IdleTimeout: o.Config.Connections.Idle, HandshakeTimeout: o.Config.Connections.Handshake, MessageTimeout: o.Config.Connections.Message,
		WriteTimeout: o.Config.Connections.Write, QueueBytes: o.Config.Connections.Queue,
	}, receiver{e})
	if err != nil {
		e.cancel()
		return nil, err
	}
	e.sockets = sockets
	e.own = ownAddresses(sockets.Listeners())
	e.cfg.Trunks = boundTrunks(e.cfg.Trunks, e.cfg.Listen, sockets.Listeners())
	e.rooms = rooms(e.cfg.Trunks)
	e.configured = configuredAddrs(&e.cfg)
	e.resolver = locate.New(locate.Config{
		Servers: o.Config.DNS.Servers, Timeout: o.Config.DNS.Timeout, UnreachableFor: o.Config.DNS.UnreachableFor,
		Available: sockets.Has, Usable: sockets.HasKind,
	})
	e.wg.Go(func() { e.wheel.Run(e.ctx, e.now) })
	sockets.Serve()
	return e, nil
}

// Listeners returns the addresses that the edge listens on.
func (e *Edge) Listeners() []transport.Listener { return e.sockets.Listeners() }

// ReloadTLS reads the certificates again. After an error, which names the file,
// the ones before stay in use. Changed files are found without it, too.
func (e *Edge) ReloadTLS() error { return e.sockets.ReloadTLS() }

// InProgress returns how many transactions the edge holds, finished ones that
// still absorb retransmissions included.
func (e *Edge) InProgress() int { return e.table.Len() }

// Drain answers new requests outside a dialog with 503. It returns when no call
// has waited for its final response for T1, so that the ACK of the last one is
// not lost, or when ctx is done.
func (e *Edge) Drain(ctx context.Context) {
	e.draining.Store(true)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for busy := e.now(); e.InProgress() > 0 && e.now().Sub(busy) < e.cfg.Timers.T1; {
		if e.unanswered() > 0 {
			busy = e.now()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// unanswered returns how many requests have no final response yet.
func (e *Edge) unanswered() (n int) {
	e.table.Each(func(rc *responseContext) {
		rc.mu.Lock()
		defer rc.mu.Unlock()
		if !rc.final {
			n++
		}
	})
	return n
}

// Close ends everything at once and waits for the edge's goroutines. Calls that
// have no final response get none.
func (e *Edge) Close() {
	e.cancel()
	e.sockets.Shutdown()
	e.wg.Wait()
	e.table.Each((*responseContext).cutOff)
}

// receiver is what the transport layer sees of an edge.
type receiver struct{ e *Edge }

// Receive takes a message.
func (r receiver) Receive(f transport.Flow, m *message.Message, err error) {
	defer r.e.survive()
	switch {
	case err != nil:
		r.e.receiveMalformed(f, m, err)
	case m.IsRequest():
		r.e.receiveRequest(f, m)
	default:
		r.e.receiveResponse(m)
	}
}

// Failed takes a transport error (18.4).
func (r receiver) Failed(f transport.Flow, payload []byte, err error) {
	defer r.e.survive()
	r.e.transportFailed(f, payload, err)
}

// survive keeps a panic from ending the process. A response context has its own
// (leave): what comes here belongs to no call.
func (e *Edge) survive() {
	if p := recover(); p != nil {
		e.metrics.panics.Inc()
		e.log.Error("panic", "value", p, "stack", string(debug.Stack()))
	}
}

// newID returns the id of a response context. It stands in branches, and nobody
// can guess it.
func newID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return binary.LittleEndian.Uint64(b[:])
}
