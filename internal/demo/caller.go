package demo

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/emiago/sipgo/sip"
)

// domain is where everybody lives who is called. No request is ever sent there
// by name: the edge's next hop is an address.
const domain = "example.com"

// sdp is what a call is about. Nobody sends media.
const sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"

// caller is the player that makes calls.
type caller struct{ *peer }

// call makes one call by way of an edge: INVITE, and if somebody answers, ACK
// and BYE. It returns when the call is over for the caller.
func (c *caller) call(ctx context.Context, edge netip.AddrPort, user, callID string) error {
	invite, err := c.invite(edge, user, callID)
	if err != nil {
		return err
	}
	tx, err := c.client.TransactionRequest(ctx, invite)
	if err != nil {
		return fmt.Errorf("send INVITE: %w", err)
	}
	final, err := finalResponse(ctx, tx)
	if err != nil || !final.IsSuccess() {
		return err // the stack has sent the ACK of a 3xx to 6xx
	}
	ack, err := c.inDialog(sip.ACK, invite, final)
	if err != nil {
		return err
	}
	if err := c.client.WriteRequest(ack); err != nil {
		return fmt.Errorf("send ACK: %w", err)
	}
	bye, err := c.inDialog(sip.BYE, invite, final)
	if err != nil {
		return err
	}
	if _, err := c.client.Do(ctx, bye); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	return nil
}

func (c *caller) invite(edge netip.AddrPort, user, callID string) (*sip.Request, error) {
	var uri sip.Uri
	if err := sip.ParseUri("sip:"+user+"@"+domain, &uri); err != nil {
		return nil, fmt.Errorf("%q cannot be dialled: %w", user, err)
	}
	req := sip.NewRequest(sip.INVITE, uri)
	from := &sip.FromHeader{Address: sip.Uri{Scheme: "sip", User: c.name, Host: domain}}
	from.Params.Add("tag", sip.GenerateTagN(12))
	id := sip.CallIDHeader(callID)
	req.AppendHeader(from)
	req.AppendHeader(&sip.ToHeader{Address: uri})
	req.AppendHeader(&id)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: 1, MethodName: sip.INVITE})
	req.AppendHeader(sip.NewHeader("Contact", c.contact(c.name)))
	req.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	req.SetBody([]byte(sdp))
	req.SetDestination(edge.String())
	return req, nil
}

// finalResponse waits for the final response of an INVITE.
func finalResponse(ctx context.Context, tx sip.ClientTransaction) (*sip.Response, error) {
	for {
		select {
		case resp := <-tx.Responses():
			if !resp.IsProvisional() {
				return resp, nil
			}
		case <-tx.Done():
			return nil, fmt.Errorf("no final response: %w", tx.Err())
		case <-ctx.Done():
			return nil, fmt.Errorf("no final response: %w", context.Cause(ctx))
		}
	}
}

// inDialog makes a request of the dialog that a 2xx began (12.2.1.1): to the
// Contact of the 2xx, by its Record-Route in reverse.
func (c *caller) inDialog(method sip.RequestMethod, invite *sip.Request, ok *sip.Response) (*sip.Request, error) {
	remote := ok.Contact()
	if remote == nil || ok.To() == nil {
		return nil, errors.New("a 2xx without Contact or To begins no dialog")
	}
	req := sip.NewRequest(method, remote.Address)
	destination := remote.Address.HostPort()
	routes := ok.GetHeaders("Record-Route")
	for i, h := range slices.Backward(routes) {
		if route, parsed := h.(*sip.RecordRouteHeader); parsed && i == len(routes)-1 {
			destination = route.Address.HostPort()
		}
		req.AppendHeader(sip.NewHeader("Route", h.Value()))
	}
	number := invite.CSeq().SeqNo
	if method != sip.ACK {
		number++
	}
	req.AppendHeader(sip.HeaderClone(invite.From()))
	req.AppendHeader(sip.HeaderClone(ok.To()))
	req.AppendHeader(sip.HeaderClone(invite.CallID()))
	req.AppendHeader(&sip.CSeqHeader{SeqNo: number, MethodName: method})
	req.SetDestination(destination)
	return req, nil
}
