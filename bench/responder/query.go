package responder

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"
)

// Query asks a running responder for its counts.
func Query(ctx context.Context) (Totals, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "udp4", fmt.Sprintf("127.0.0.1:%d", CountsPort))
	if err != nil {
		return Totals{}, fmt.Errorf("counts of the responder: %w", err)
	}
	defer func() { _ = conn.Close() }() // the answer is in
	var totals Totals
	b := make([]byte, 1024)
	for range 50 { // it may not be there yet, and a datagram may be lost
		if err := ctx.Err(); err != nil {
			return totals, err
		}
		_ = conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
		if _, err := conn.Write([]byte("?")); err == nil {
			if n, err := conn.Read(b); err == nil {
				return totals, json.Unmarshal(b[:n], &totals)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return totals, fmt.Errorf("the responder at port %d does not answer", CountsPort)
}
