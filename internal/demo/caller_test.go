package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCallerGivesUp(t *testing.T) {
	wire := newWiretap()
	silent, err := newTap("silent", wire) // nobody reads it
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	p, err := newPeer("alice", wire)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer p.close()
	patience := errors.New("alice gives up")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, patience)
	defer cancel()
	err = (&caller{p}).call(ctx, silent.addr(), "nobody", "call-1")
	if !errors.Is(err, patience) || !strings.Contains(err.Error(), "no final response") {
		t.Errorf("got %v, want that she gives up for want of a final response", err)
	}
	got := traceOf(recorded(wire), "call-1", nil)
	if len(got) != 1 || got[0].start() != "INVITE sip:nobody@example.com SIP/2.0" || got[0].to != silent.addr().String() {
		t.Errorf("on the socket: %+v, want one INVITE to %s", got, silent.addr())
	}
}

func recorded(w *wiretap) []datagram {
	all, _ := w.all()
	return all
}

func TestCallerRefusesWhatCannotBeDialled(t *testing.T) {
	p, err := newPeer("alice", newWiretap())
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := (&caller{p}).call(t.Context(), p.addr(), "a@b:port", "1"); err == nil || !strings.Contains(err.Error(), `"a@b:port" cannot be dialled`) {
		t.Errorf("got %v, want an error that names the user", err)
	}
}
