package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

const (
	callTime   = 5 * time.Second // from INVITE to the end; all calls together need less
	settleTime = time.Second     // from the caller's end of a call to everybody's
)

// result is what came of a row.
type result struct {
	row       *row
	callID    string
	trace     trace
	decisions []decision
	wired     int64 // decisions that redirectd was asked for over the wire
	problems  []string
}

// play makes the call of a row, and compares what came of it.
func (n *network) play(ctx context.Context, r *row) (*result, error) {
	if r.down {
		if err := n.redirectd.stop(ctx); err != nil {
			return nil, err
		}
	}
	res := &result{row: r, callID: r.name + "-" + strings.ToLower(rand.Text()[:8])}
	wired := n.redirectd.decided.Load()
	calling, cancel := context.WithTimeoutCause(ctx, callTime, fmt.Errorf("%s gives up after %s", n.caller.name, callTime))
	defer cancel()
	callErr := n.caller.call(calling, n.edgeAddr(r.edge), r.dial, res.callID)
	n.settle(ctx, res.callID)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	res.wired = n.redirectd.decided.Load() - wired
	res.trace = n.trace(res.callID)
	res.decisions = n.minutes.of(res.callID)
	if callErr != nil {
		res.problems = append(res.problems, n.caller.name+": "+callErr.Error())
	}
	res.problems = append(res.problems, n.check(res)...)
	return res, nil
}

func (n *network) trace(callID string) trace {
	datagrams, _ := n.wire.all()
	return traceOf(datagrams, callID, n.names)
}

// settle waits until a call is complete on all sockets: the caller's end of it
// is not the last datagram.
func (n *network) settle(ctx context.Context, callID string) {
	deadline := time.NewTimer(settleTime)
	defer deadline.Stop()
	for {
		datagrams, changed := n.wire.all()
		if len(traceOf(datagrams, callID, n.names).missing(n.caller.name)) == 0 {
			return
		}
		select {
		case <-changed:
		case <-deadline.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
