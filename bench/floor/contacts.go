package floor

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strconv"
)

// target is a contact of a 3xx.
type target struct {
	uri     string
	address netip.AddrPort
	q       float64
}

// targets are the contacts in those values whose host is an address with a port, by q.
func targets(values [][]byte) (all []target) {
	for _, value := range values {
		for one := range bytes.SplitSeq(value, []byte(",")) {
			if t, ok := targetOf(one); ok {
				all = append(all, t)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b target) int { return cmp.Compare(b.q, a.q) })
	return all
}

func targetOf(contact []byte) (target, bool) {
	_, rest, _ := bytes.Cut(contact, []byte("<"))
	uri, params, ok := bytes.Cut(rest, []byte(">"))
	if !ok {
		return target{}, false
	}
	q := 1.0
	if _, text, ok := bytes.Cut(params, []byte(";q=")); ok {
		q, _ = strconv.ParseFloat(string(text), 64) // 0: tried last
	}
	_, host, _ := bytes.Cut(uri, []byte("@"))
	host, _, _ = bytes.Cut(host, []byte(";"))
	address, err := netip.ParseAddrPort(string(host))
	return target{string(uri), address, q}, err == nil
}
