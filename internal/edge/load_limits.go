package edge

import (
	"time"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Every reader here takes a nil map for one that is not there.

func readLimits(m *strictyaml.Map, l *Limits) {
	readCallLimits(m, &l.Attempts, &l.Nesting, &l.SetupTime)
	m.Int("decisions", &l.Decisions, 1, 1_000_000)
	m.Int("transactions", &l.Transactions, 1, 10_000_000)
	m.Int("waiting", &l.Waiting, 1, 1_000_000)
	m.Int("addresses", &l.Addresses, 1, 16)
	m.Done()
}

func readTrunkLimits(m *strictyaml.Map, l *TrunkLimits) {
	readCallLimits(m, &l.Attempts, &l.Nesting, &l.SetupTime)
	m.Int("transactions", &l.Transactions, 1, 10_000_000)
	m.Done()
}

func readCallLimits(m *strictyaml.Map, attempts, nesting *int, setupTime *time.Duration) {
	m.Int("attempts", attempts, 1, 64)
	m.Int("nesting", nesting, 1, 64)
	m.Duration("setup_time", setupTime, time.Second, time.Hour)
}

func readConnections(m *strictyaml.Map, l *ConnectionLimits) {
	m.Int("max", &l.Max, 1, 1_000_000)
	m.Int("per_source", &l.PerSource, 1, 1_000_000)
	m.Duration("idle", &l.Idle, time.Second, 24*time.Hour)
	m.Duration("handshake", &l.Handshake, 100*time.Millisecond, time.Minute)
	m.Duration("message", &l.Message, 100*time.Millisecond, 5*time.Minute)
	m.Duration("write", &l.Write, 100*time.Millisecond, 5*time.Minute)
	m.Int("queue", &l.Queue, 1<<16, 1<<30)
	m.Done()
}
