package demo

import (
	"testing"
	"time"
)

// TestOrderOfArrival: two players read in the wrong order, as the scheduler may
// have it, and the tape still has the order of arrival.
func TestOrderOfArrival(t *testing.T) {
	wire := newWiretap()
	var taps [3]*tap
	for i, name := range []string{"alice", "bob", "carol"} {
		tap, err := newTap(name, wire)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tap.Close() }()
		if err := tap.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		taps[i] = tap
	}
	b := make([]byte, 100)
	exchange := func() bool {
		for _, to := range taps[1:] {
			if _, err := taps[0].WriteTo([]byte("x"), to.LocalAddr()); err != nil {
				t.Fatal(err)
			}
		}
		for _, reader := range []*tap{taps[2], taps[1]} {
			if _, _, err := reader.ReadFrom(b); err != nil {
				t.Fatal(err)
			}
		}
		all, _ := wire.all()
		carol, bob := all[len(all)-2], all[len(all)-1]
		if bob.owner != "bob" || carol.owner != "carol" || bob.remote != taps[0].addr() {
			t.Fatalf("recorded %+v and %+v", carol, bob)
		}
		return bob.at.Before(carol.at)
	}
	// The kernel begins to stamp a moment after it was asked to.
	deadline := time.Now().Add(5 * time.Second)
	for !exchange() {
		if time.Now().After(deadline) {
			t.Fatal("bob's datagram was sent first, and is stamped later than carol's")
		}
	}
}
