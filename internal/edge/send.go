package edge

import (
	"bytes"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// sendTo sends what no client transaction watches over: a response, an ACK or a
// CANCEL. If the connection is gone, it goes over a new one to there (18.2.2),
// unless there is a browser.
func (e *Edge) sendTo(f transport.Flow, b []byte, to transport.Destination, callID string) callrecord.Result {
	err := f.Send(b)
	if err == nil {
		return callrecord.ResultSent
	}
	if !f.Kind.Reliable() || isBrowser(f) {
		e.notSent(f, callID, err)
		return callrecord.ResultFailed
	}
	place := placeBack(to)
	if !e.waiting.take(place) {
		e.notSent(f, callID, errTooManyWaiting)
		return callrecord.ResultFailed
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
	return callrecord.ResultReconnecting
}

// isBrowser reports whether a flow is a WebSocket that the peer made: nobody else can
// (RFC 7118 section 5).
func isBrowser(f transport.Flow) bool {
	return f.Accepted() && (f.Kind == transport.WS || f.Kind == transport.WSS)
}

func (e *Edge) notSent(f transport.Flow, callID string, err error) {
	e.metrics.dropped.WithLabelValues("transport_error").Inc()
	e.log.Debug("send", "call_id", callID, "destination", f.Remote, "transport", f.Kind.String(), "error", err)
}
