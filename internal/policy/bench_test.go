package policy_test

import (
	"fmt"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

func BenchmarkDecide(b *testing.B) {
	p := policy.NewBuiltin(nil)
	for _, n := range []int{1, 12} {
		var contacts []*redirectv1.Contact
		for i := range n {
			contacts = append(contacts, policytest.ContactQ(fmt.Sprintf("sip:+1555010%02d@10.0.0.%d:5080;transport=tcp", i, i+1), uint32(990-i*10)))
		}
		req := policytest.Redirected(302, "Moved Temporarily", contacts...)
		b.Run(fmt.Sprintf("contacts=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Decide(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
