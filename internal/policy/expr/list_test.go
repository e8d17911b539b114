package expr_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/expr"
)

func TestMatchPrefix(t *testing.T) {
	list, err := expr.NewPrefixList([]string{"+1900", "+1 (900) 555-1", "49", "+1900", "44.909"})
	if err != nil {
		t.Fatal(err)
	}
	if list.Kind() != "prefixes" || list.Len() != 5 {
		t.Errorf("%s, %d", list.Kind(), list.Len())
	}
	for number, want := range map[string]string{
		"+19005551212": "+19005551", "+19005541212": "+1900", "+1900": "+1900", "+190": "", "+12125550100": "",
		"+4930123456": "+49", "+49": "+49", "+4": "", "+": "", "": "", "19005551212": "", "+1900x": "", "+1900555121x": "",
		"+44909": "+44909",
	} {
		got, ok := list.MatchPrefix(number)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", number, got, ok, want)
		}
	}
	var none expr.List
	if _, ok := none.MatchPrefix("+1900"); ok {
		t.Error("an empty list has a match")
	}
	if _, ok := list.MatchDomain("49"); ok {
		t.Error("a list of prefixes matches a domain")
	}
	if _, ok := list.MatchAddr(netip.MustParseAddr("49.0.0.0")); ok {
		t.Error("a list of prefixes matches an address")
	}
}

// TestMatchPrefixIsTheLongest compares with a search through all prefixes.
func TestMatchPrefixIsTheLongest(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var prefixes []string
	for range 2000 {
		low := int64(10)
		for range r.IntN(5) {
			low *= 10
		}
		prefixes = append(prefixes, fmt.Sprintf("+%d", low+r.Int64N(9*low)))
	}
	list, err := expr.NewPrefixList(prefixes)
	if err != nil {
		t.Fatal(err)
	}
	for range 20_000 {
		number := fmt.Sprintf("+%d", 1e6+r.Int64N(9e6))
		want := ""
		for _, p := range prefixes {
			if strings.HasPrefix(number, p) && len(p) > len(want) {
				want = p
			}
		}
		if got, _ := list.MatchPrefix(number); got != want {
			t.Fatalf("%s: %q, want %q", number, got, want)
		}
	}
}

func TestMatchDomain(t *testing.T) {
	list, err := expr.NewDomainList([]string{"example.com", "*.example.com", "*.a.example.com", "B.Example.", "_sip._udp.example"})
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"example.com": "example.com", "EXAMPLE.com.": "example.com", "x.example.com": "*.example.com", "y.x.example.com": "*.example.com",
		"a.example.com": "*.example.com", "x.a.example.com": "*.a.example.com", "b.example": "b.example", "x.b.example": "",
		"xexample.com": "", "com": "", "": "", ".": "", ".example.com": "", "192.0.2.1": "", "_sip._udp.example": "_sip._udp.example",
		strings.Repeat("x.", 200) + "example.com": "",
	} {
		got, ok := list.MatchDomain(host)
		if got != want || ok != (want != "") {
			t.Errorf("%q: %q, %v, want %q", host, got, ok, want)
		}
	}
}

func TestMatchAddr(t *testing.T) {
	list, err := expr.NewNetworkList([]string{"192.0.2.0/24", "192.0.2.128/25", "192.0.2.1", "2001:db8::/32", "[2001:db8:1::1]", "::ffff:198.51.100.0/120"})
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]string{
		"192.0.2.2": "192.0.2.0/24", "192.0.2.200": "192.0.2.128/25", "192.0.2.1": "192.0.2.1/32", "192.0.3.1": "",
		"2001:db8::5": "2001:db8::/32", "2001:db8:1::1": "2001:db8:1::1/128", "2001:db9::": "", "::ffff:192.0.2.2": "192.0.2.0/24",
		"198.51.100.7": "198.51.100.0/24", "2001:db8::5%eth0": "2001:db8::/32",
	} {
		got, ok := list.MatchAddr(netip.MustParseAddr(addr))
		if ok != (want != "") || ok && got.String() != want {
			t.Errorf("%s: %v, %v, want %q", addr, got, ok, want)
		}
	}
	if _, ok := list.MatchAddr(netip.Addr{}); ok {
		t.Error("no address is in a network")
	}
}

func TestBadEntries(t *testing.T) {
	for _, c := range []struct {
		make  func([]string) (*expr.List, error)
		entry string
		want  string
	}{
		{expr.NewPrefixList, "1-90x", `entry 2: "1-90x": 'x' is no digit; want the beginning of an international number, such as "+1900"`},
		{expr.NewPrefixList, "1+900", `'+' is no digit`},
		{expr.NewPrefixList, "", `entry 2: "": there is no digit in it`},
		{expr.NewPrefixList, "0900", `no international number begins with 0`},
		{expr.NewPrefixList, "+1234567890123456", `it has 16 digits, and no number has more than 15`},
		{expr.NewDomainList, "", `it is empty`},
		{expr.NewDomainList, "*.", `"*" stands for whole labels and only at the beginning`},
		{expr.NewDomainList, "a.*.example", `"*" stands for whole labels and only at the beginning`},
		{expr.NewDomainList, "*", `"*" stands for whole labels`},
		{expr.NewDomainList, "192.0.2.1", `it is an address and no domain`},
		{expr.NewDomainList, "[2001:db8::1]", `it is an address and no domain`},
		{expr.NewDomainList, "sip:a.example", `':' belongs to no domain: no scheme, user, port or path`},
		{expr.NewDomainList, "a b", `' ' belongs to no domain`},
		{expr.NewDomainList, "a..b", `two dots stand side by side`},
		{expr.NewDomainList, "bücher.example", `hosts of SIP are ASCII; write it as "xn--bcher-kva.example"`},
		{expr.NewDomainList, "a\u2028.example", `hosts of SIP are ASCII`},
		{expr.NewDomainList, strings.Repeat("a", 64) + ".example", `has more than 63 characters`},
		{expr.NewDomainList, strings.Repeat("a.", 130) + "example", `no domain has more than 253`},
		{expr.NewNetworkList, "192.0.2.1/24", `it has bits set behind its /24; write "192.0.2.0/24" for the network or "192.0.2.1" for the address`},
		{expr.NewNetworkList, "192.0.2.0/33", `it is no network; want a network, such as "192.0.2.0/24"`},
		{expr.NewNetworkList, "a.example", `it is no address`},
		{expr.NewNetworkList, "fe80::1%eth0", `it is no address`},
		{expr.NewNetworkList, "::ffff:0.0.0.0/90", `it is no network of IPv4 or IPv6 alone`},
	} {
		good := "+1"
		if _, err := c.make([]string{good}); err != nil {
			good = "192.0.2.0"
		}
		if _, err := c.make([]string{good}); err != nil {
			good = "example.com"
		}
		list, err := c.make([]string{good, c.entry})
		var entry *expr.EntryError
		if err == nil || list != nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &entry) || entry.Entry != c.entry {
			t.Errorf("%q: %v, want %s", c.entry, err, c.want)
		}
	}
	if _, err := expr.NewPrefixList(make([]string, expr.MaxList+1)); err == nil || err.Error() != "100001 entries are more than 100000" {
		t.Errorf("too many: %v", err)
	}
	if _, err := expr.NewPrefixList(make([]string, 1000)); strings.Count(fmt.Sprint(err), "\n") != 20 {
		t.Errorf("a list of nothing but mistakes: %v", err)
	}
}
