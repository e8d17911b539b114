package locate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
)

// ErrNoSuchName is why a name leads nowhere that is no failure of DNS: it does
// not exist, or it has no address.
var ErrNoSuchName = errors.New("no such name")

var (
	// errClosed is ErrNoSuchName by the SRV target ".".
	errClosed  = fmt.Errorf("%w: its SRV target is \".\"", ErrNoSuchName)
	errTooMany = fmt.Errorf("%d questions are being asked: too many at once", maxAsking)
	errLoop    = errors.New("its CNAME records form a loop, or a chain of more than 8")
	errFailed  = errors.New("the server does not answer this question")
)

// saidError is an answer of a server that has no records.
type saidError struct {
	q      question
	what   string
	server netip.AddrPort
	cause  error
}

func (e *saidError) Error() string {
	return fmt.Sprintf("look up %s: %s from %s", e.q, e.what, e.server)
}

func (e *saidError) Unwrap() error { return e.cause }

// silentError says that no server answered in time.
func silentError(q question, servers []netip.AddrPort) error {
	return fmt.Errorf("look up %s: no answer from %v: %w", q, servers, context.DeadlineExceeded)
}
