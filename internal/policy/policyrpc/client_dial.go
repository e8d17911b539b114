package policyrpc

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/redirectd/redirectd/internal/nonblock"
)

// dial connects to a backend: "host:port", or "unix:///path" as grpc writes it for
// dialers that are not its own.
func dial(ctx context.Context, address string) (net.Conn, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix://"); ok {
		network, address = "unix", path
	}
	c, err := (&net.Dialer{Control: setUserTimeout}).DialContext(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("connect to the policy: %w", err)
	}
	return nonblock.Wrap(c), nil
}
