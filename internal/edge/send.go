package edge

import (
	"bytes"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

// sendTo sends what no client transaction watches over: a response, an ACK or a
// CANCEL. If the connection is gone, it goes over a new one to there (18.2.2).
func (e *Edge) sendTo(f transport.Flow, b []byte, to transport.Destination, callID string) {
	err := f.Send(b)
	if err == nil {
		return
	}
	if !f.Kind.Reliable() {
		e.notSent(f, callID, err)
		return
	}
	place := placeBack(to)
	if !e.waiting.take(place) {
		e.notSent(f, callID, errTooManyWaiting)
		return
	}
	kept := bytes.Clone(b)
	e.wg.Go(func() {
		defer e.survive()
		defer e.waiting.give(place)
		again, err := e.sockets.Dial(e.ctx, to)
		if err == nil {
			err = again.Send(kept)
		}
		if err != nil {
			e.notSent(f, callID, err)
		}
	})
}

func (e *Edge) notSent(f transport.Flow, callID string, err error) {
	e.metrics.dropped.WithLabelValues("transport_error").Inc()
	e.log.Debug("send", "call_id", callID, "destination", f.Remote, "transport", f.Kind.String(), "error", err)
}
