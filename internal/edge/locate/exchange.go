package locate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

const (
	rounds      = 5    // in which the servers that do not answer are asked again
	maxServers  = 8    // of them all
	maxStray    = 32   // datagrams that are no answer, for one question
	payloadSize = 1232 // of a datagram that is not fragmented (DNS flag day 2020)
	maxDatagram = 4096 // bytes of one that are read
	minPatience = 50 * time.Millisecond
)

// exchange asks the servers one after the other, beginning with the one that
// answered last, until one says yes or no.
func (r *Resolver) exchange(ctx context.Context, q question) (*dns.Msg, netip.AddrPort, error) {
	servers := r.settings(r.now()).servers
	servers = servers[:min(len(servers), maxServers)]
	patience := max(r.cfg.Timeout/rounds, minPatience)
	start := int(r.preferred.Load())
	var refused []netip.AddrPort // these have said that they do not answer
	var failure error
	for i := range rounds * len(servers) {
		n := (start + i) % len(servers)
		if ctx.Err() != nil || len(refused) == len(servers) {
			break
		}
		if slices.Contains(refused, servers[n]) {
			continue
		}
		m, err := exchangeWith(ctx, servers[n], q, patience)
		switch {
		case err == nil && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError):
			r.preferred.Store(uint32(n))
			return m, servers[n], nil
		case err == nil:
			refused = append(refused, servers[n])
			failure = &saidError{q, rcodeName(m.Rcode), servers[n], errFailed}
		case !isTimeout(err):
			failure = cmp.Or(failure, fmt.Errorf("look up %s: %w", q, err))
		}
	}
	return nil, netip.AddrPort{}, cmp.Or(failure, silentError(q, servers))
}

func rcodeName(rcode int) string {
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return fmt.Sprintf("response code %d", rcode)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// exchangeWith asks one server: by UDP, by TCP if that was truncated, and without
// EDNS if it does not know that (RFC 6891 section 7).
func exchangeWith(ctx context.Context, server netip.AddrPort, q question, patience time.Duration) (*dns.Msg, error) {
	query := new(dns.Msg).SetQuestion(q.canonical()+".", q.qtype) // with a random ID
	query.SetEdns0(payloadSize, false)
	m, err := send(ctx, server, query, patience)
	if err == nil && m.Rcode == dns.RcodeFormatError && m.IsEdns0() == nil {
		query.Extra = nil
		m, err = send(ctx, server, query, patience)
	}
	return m, err
}

func send(ctx context.Context, server netip.AddrPort, query *dns.Msg, patience time.Duration) (*dns.Msg, error) {
	m, err := sendBy(ctx, "udp", server, query, patience)
	if errors.Is(err, errTruncated) {
		m, err = sendBy(ctx, "tcp", server, query, patience)
	}
	return m, err
}

// sendBy asks on a socket of its own: each question has a port that the system
// draws (RFC 5452), and what is left of it ends with it.
func sendBy(ctx context.Context, network string, server netip.AddrPort, query *dns.Msg, patience time.Duration) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var dialer net.Dialer
	nc, err := dialer.DialContext(ctx, network, server.String())
	if err != nil {
		return nil, err
	}
	defer func() { _ = nc.Close() }()
	deadline, _ := ctx.Deadline()
	if err := nc.SetDeadline(deadline); err != nil {
		return nil, err
	}
	conn := dns.Conn{Conn: nc}
	if err := conn.WriteMsg(query); err != nil {
		return nil, err
	}
	if network == "tcp" {
		return receive(&conn, query, dns.MaxMsgSize, 1)
	}
	return receive(&conn, query, maxDatagram, maxStray)
}

// receive reads messages until one is the answer.
func receive(conn *dns.Conn, query *dns.Msg, size, count int) (*dns.Msg, error) {
	b := make([]byte, size)
	for range count {
		n, err := conn.Read(b)
		if err != nil {
			return nil, err
		}
		if m, err := check(query, b[:n]); !errors.Is(err, errNotOurs) {
			return m, err
		}
	}
	return nil, fmt.Errorf("%s sent %d messages, none of them an answer to the question", conn.RemoteAddr(), count)
}
