package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// peer is a player that speaks SIP: a stack that knows nothing of the edge, on a
// socket that records what crosses it.
type peer struct {
	name   string
	tap    *tap
	ua     *sipgo.UserAgent
	server *sipgo.Server
	client *sipgo.Client
	served chan struct{} // closed when nobody reads the socket any more; nil before serve
}

// newPeer binds the socket of a player. Nothing is read from it before serve.
func newPeer(name string, wire *wiretap) (*peer, error) {
	tap, err := newTap(name, wire)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &peer{name: name, tap: tap}
	if err := p.stack(); err != nil {
		_ = tap.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// stack makes the SIP stack of a player. It logs nothing: what goes wrong shows
// on the socket.
func (p *peer) stack() error {
	quiet := slog.New(slog.DiscardHandler)
	ua, err := sipgo.NewUA(
		sipgo.WithUserAgent(p.name),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(
			sip.WithTransactionLayerLogger(quiet),
			sip.WithTransactionLayerUnhandledResponseHandler(func(*sip.Response) {}),
		),
	)
	if err != nil {
		return err
	}
	p.ua = ua
	if p.server, err = sipgo.NewServer(ua, sipgo.WithServerLogger(quiet)); err != nil {
		return err
	}
	address := p.addr().String()
	p.client, err = sipgo.NewClient(ua, sipgo.WithClientLogger(quiet),
		sipgo.WithClientAddr(address), sipgo.WithClientConnectionAddr(address))
	return err
}

func (p *peer) addr() netip.AddrPort { return p.tap.addr() }

// contact returns the URI at which a user of this player is reached.
func (p *peer) contact(user string) string { return "<sip:" + user + "@" + p.addr().String() + ">" }

// serve reads the socket until close. It returns when the first read is under
// way: before, the stack would open a second socket to send from.
func (p *peer) serve(ctx context.Context) error {
	p.served = make(chan struct{})
	go func() {
		defer close(p.served)
		_ = p.server.ServeUDP(p.tap) // ends when the socket is closed
	}()
	select {
	case <-p.tap.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close ends what serve began, and all transactions.
func (p *peer) close() {
	_ = p.tap.Close()
	if p.served != nil {
		<-p.served
	}
	_ = p.ua.Close()
}
