package locate

import (
	"testing"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
)

// BenchmarkKnown is what every call to a name pays: NAPTR, SRV and addresses from
// the cache.
func BenchmarkKnown(b *testing.B) {
	r, _ := resolving(b, Config{Usable: ipv4Only}, dnstest.Serve(b, rfc3263Zone))
	uri := parse(b, "sip:bob@example.com")
	lookUp(b, r, "sip:bob@example.com")
	b.ReportAllocs()
	for b.Loop() {
		if hops, ok := r.Known(uri); !ok || len(hops) != 2 {
			b.Fatal(hops, ok)
		}
	}
}
