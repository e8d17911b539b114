package edge

import (
	"sync/atomic"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// room is how many transactions a trunk may have in progress, finished ones that
// still absorb retransmissions included. A nil room has no limit.
type room struct {
	limit int64
	taken atomic.Int64
}

// rooms returns the rooms of the trunks that have a limit.
func rooms(trunks []Trunk) map[*Trunk]*room {
	rooms := make(map[*Trunk]*room)
	for i := range trunks {
		if limit := trunks[i].Limits.Transactions; limit > 0 {
			rooms[&trunks[i]] = &room{limit: int64(limit)}
		}
	}
	return rooms
}

// take reports whether there was a place, which must then be given back once.
func (r *room) take() bool {
	if r == nil {
		return true
	}
	if r.taken.Add(1) > r.limit {
		r.taken.Add(-1)
		return false
	}
	return true
}

func (r *room) giveBack() {
	if r != nil {
		r.taken.Add(-1)
	}
}

// roomFor returns the room that a request takes a place of. Those within a dialog
// take none: they end calls.
func (e *Edge) roomFor(in *inbound) *room {
	if in.inDialog || in.trunk == nil {
		return nil
	}
	return e.rooms[in.trunk]
}

// full answers a request that there is no room for; reason is a bounded word. An
// INVITE within a dialog gets no answer: without a transaction its ACK would be
// taken for that of a 2xx, and go to the callee. It is sent again.
func (e *Edge) full(f transport.Flow, m *message.Message, reason string) {
	e.metrics.dropped.WithLabelValues(reason).Inc()
	if m.Method() == "INVITE" && m.ToTag() != "" {
		return
	}
	e.reply(f, m, 503, "", message.Header{Name: "Retry-After", Value: "5"})
}
