package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/redirectd/redirectd/bench/httppolicy"
	"github.com/redirectd/redirectd/bench/responder"
)

const (
	edgePort      = 5060
	policyAddress = "127.0.0.1:50051"
	edgeAdmin     = "127.0.0.1:9060"
	policyAdmin   = "127.0.0.1:9050"
)

// portsFree says which of the ports is in use.
func portsFree(ctx context.Context) error {
	var config net.ListenConfig
	var problems []error
	for _, port := range []uint16{edgePort, 5100, responder.CountsPort, responder.Redirect, responder.Target, responder.Failing, responder.Busy} {
		conn, err := config.ListenPacket(ctx, "udp4", loopback(port).String())
		if err != nil {
			problems = append(problems, fmt.Errorf("port %d of UDP must be free: %w", port, err))
			continue
		}
		_ = conn.Close() // that it could be had is all
	}
	for _, address := range []netip.AddrPort{
		loopback(edgePort), loopback(responder.Redirect), loopback(responder.Target), loopback(responder.Failing), loopback(responder.Busy),
		netip.MustParseAddrPort(policyAddress), netip.MustParseAddrPort(edgeAdmin), netip.MustParseAddrPort(policyAdmin), netip.MustParseAddrPort(httppolicy.Address),
	} {
		listener, err := config.Listen(ctx, "tcp4", address.String())
		if err != nil {
			problems = append(problems, fmt.Errorf("port %d of TCP must be free: %w", address.Port(), err))
			continue
		}
		_ = listener.Close() // that it could be had is all
	}
	return errors.Join(problems...)
}
