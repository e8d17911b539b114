package policy

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
)

// orderNames are what an explanation calls the orders.
var orderNames = map[Order]string{
	OrderQ: "q order", OrderReceived: "order of the header", OrderWeighted: "weighted order", OrderShuffled: "shuffled order",
}

// arrange puts candidates, which stand as in the header, into the order in which
// they are tried: by rank, and among those of one rank as the profile says.
func (p *Profile) arrange(candidates []candidate, callID string) {
	var dice []float64
	if p.Order == OrderWeighted || p.Order == OrderShuffled {
		dice = make([]float64, 0, 64)
		for i := range candidates {
			can := &candidates[i]
			for len(dice) <= can.index {
				dice = append(dice, 0)
			}
			dice[can.index] = throw(callID, can.text, p.weightOf(can))
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		if c := cmp.Compare(a.rank(), b.rank()); c != 0 || p.Order == OrderReceived {
			return c
		}
		if c := cmp.Compare(b.q, a.q); c != 0 || dice == nil {
			return c
		}
		return cmp.Compare(dice[a.index], dice[b.index])
	})
}

func (p *Profile) weightOf(can *candidate) int {
	if p.Order == OrderShuffled || can.edits == nil || can.edits.weight == 0 {
		return 1
	}
	return can.edits.weight
}

// throw gives a contact of a call its place: sorted by it, contacts come in an
// order in which each is the first with a probability in proportion to its
// weight, the rest likewise (RFC 2782 for SRV; the keys are those of Efraimidis
// and Spirakis). It depends on nothing but the call and the contact.
func throw(callID, uri string, weight int) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(callID)) // a hash takes everything
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(uri))
	// FNV mixes the last bytes badly into the high bits; this is the finish of
	// SplitMix64.
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	u := (float64(x>>11) + 0.5) / (1 << 53) // in (0, 1)
	return -math.Log(u) / float64(weight)
}

func (can *candidate) rank() rank {
	if can.edits == nil {
		return rankOrdinary
	}
	return can.edits.rank
}
