package locate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
)

// TestWeights: over many calls with one cached answer, first hops come as often
// as their weights say. The bounds are more than ten standard deviations away.
func TestWeights(t *testing.T) {
	t.Parallel()
	r, _ := resolving(t, Config{Usable: ipv4Only}, dnstest.Serve(t, `
_sip._udp.example. SRV 10 60 5060 a.example.
_sip._udp.example. SRV 10 30 5060 b.example.
_sip._udp.example. SRV 10 10 5060 c.example.
_sip._udp.example. SRV 20 0  5060 d.example.
a.example. A 192.0.2.1
b.example. A 192.0.2.2
c.example. A 192.0.2.3
d.example. A 192.0.2.4
`))
	const uri, calls = "sip:example", 10000
	lookUp(t, r, uri)
	first, second := map[string]int{}, map[string]int{}
	for range calls {
		hops, ok := r.Known(parse(t, uri))
		if !ok || len(hops) != 4 || hops[3].Addr.String() != "192.0.2.4:5060" {
			t.Fatalf("got %v, %v: want four, the one of the higher priority number last", hops, ok)
		}
		first[hops[0].Addr.Addr().String()]++
		second[hops[1].Addr.Addr().String()]++
	}
	for addr, share := range map[string]float64{"192.0.2.1": .6, "192.0.2.2": .3, "192.0.2.3": .1} {
		if got := float64(first[addr]) / calls; got < share-.06 || got > share+.06 {
			t.Errorf("%s comes first in %.3f of the calls, want %.2f", addr, got, share)
		}
	}
	// After one is taken the others are drawn by their weights again: b comes second
	// after a (.6 * 30/40) or after c (.1 * 30/90).
	if got := float64(second["192.0.2.2"]) / calls; got < .42 || got > .55 {
		t.Errorf("192.0.2.2 comes second in %.3f of the calls, want .483", got)
	}
}

// TestZeroWeight: the selection of RFC 2782 to the letter, for which records of
// weight 0 stand first and stay there.
func TestZeroWeight(t *testing.T) {
	t.Parallel()
	rrs := records(t, "x. SRV 0 1 1 one.\nx. SRV 0 2 1 two.\nx. SRV 0 0 1 zero.")
	rng := rand.NewPCG(1, 2)
	const draws = 10000
	first := map[string]int{}
	for range draws {
		got, _ := readSRV(rrs)
		draw(got, rng)
		first[got[0].target]++
		if got[0].target != "zero" && got[1].target != "zero" {
			t.Fatalf("after a draw weight 0 is not in front of the others: %v", got)
		}
	}
	// A number of 0 to 3: 0 is the record of weight 0, 1 that of weight 1.
	for target, share := range map[string]float64{"zero": .25, "one": .25, "two": .5} {
		if got := float64(first[target]) / draws; got < share-.04 || got > share+.04 {
			t.Errorf("%s comes first in %.3f of the draws, want %.2f", target, got, share)
		}
	}
}

// TestManySRV: of a long answer the best 16 records are looked at, whatever their
// order, and the addresses of the others are not asked for.
func TestManySRV(t *testing.T) {
	t.Parallel()
	var zone strings.Builder
	for i := range 40 {
		fmt.Fprintf(&zone, "_sip._tcp.example. SRV %d 0 5060 t%d.example.\n", 40-i, 40-i)
		fmt.Fprintf(&zone, "t%d.example. CNAME h%d.example.\n", i, i) // no addresses come along
		fmt.Fprintf(&zone, "_sip._tcp.none.example. SRV %d 0 5060 gone%d.example.\n", i, i)
		if i != 3 {
			fmt.Fprintf(&zone, "h%d.example. A 192.0.2.%d\n", i, i)
		}
	}
	server := dnstest.Serve(t, zone.String())
	r, _ := resolving(t, Config{Usable: ipv4Only}, server)
	want := "tcp 192.0.2.1:5060, tcp 192.0.2.2:5060"
	for i := 4; i <= maxSRV; i++ {
		want += fmt.Sprintf(", tcp 192.0.2.%d:5060", i)
	}
	if got := lookUp(t, r, "sip:example;transport=tcp"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for i := range 40 {
		if n := server.Count(fmt.Sprintf("t%d.example", i), 0); (n > 0) != (i >= 1 && i <= maxSRV) {
			t.Errorf("t%d was asked for %d times", i, n)
		}
	}
	if err := lookUpError(t, r, "sip:none.example;transport=tcp"); !errors.Is(err, ErrNoSuchName) {
		t.Errorf("targets without addresses: %v", err)
	}
	for i := range 40 {
		if n := server.Count(fmt.Sprintf("gone%d.example", i), 0); (n > 0) != (i < maxSRV) {
			t.Errorf("gone%d was asked for %d times", i, n)
		}
	}
}
