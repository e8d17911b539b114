package expr

import (
	"errors"
	"fmt"
	"net/netip"
)

// MaxList is the largest number of entries of a list.
const MaxList = 100_000

// List is a named list of a policy: E.164 prefixes, domains or networks. It
// answers for its own kind and has no match for the others. It is immutable and
// safe for concurrent use.
type List struct {
	kind     listKind
	n        int
	prefixes prefixTrie
	domains  domainSet
	networks networkSet
}

type listKind string

const (
	prefixList  listKind = "prefixes"
	domainList  listKind = "domains"
	networkList listKind = "networks"
)

// Kind returns what the entries are: "prefixes", "domains" or "networks".
func (l *List) Kind() string { return string(l.kind) }

// Len returns how many entries were given, doubles included.
func (l *List) Len() int { return l.n }

// EntryError is an entry of a list that is none.
type EntryError struct {
	// Index of the entry, from 0.
	Index int
	// Entry as it was given.
	Entry string
	// Err says what is wrong with it and what would be right.
	Err error
}

// Error names the entry and what is wrong with it.
func (e *EntryError) Error() string {
	return fmt.Sprintf("entry %d: %s: %v", e.Index+1, quote(e.Entry), e.Err)
}

// Unwrap returns the reason.
func (e *EntryError) Unwrap() error { return e.Err }

// NewPrefixList makes a list of E.164 prefixes, with or without "+", visual
// separators allowed: "+1900", "49 900". The error joins one [EntryError] for
// each entry that is none, or says that there are more than [MaxList].
func NewPrefixList(prefixes []string) (*List, error) {
	l := &List{kind: prefixList, n: len(prefixes)}
	return l.fill(prefixes, l.prefixes.add)
}

// NewDomainList makes a list of domains. "example.com" is that host alone and
// "*.example.com" every host below it, itself excluded. Case and a dot at the
// end do not matter. The error is like that of [NewPrefixList].
func NewDomainList(domains []string) (*List, error) {
	l := &List{kind: domainList, n: len(domains)}
	return l.fill(domains, l.domains.add)
}

// NewNetworkList makes a list of networks, "192.0.2.0/24", "2001:db8::/32", or
// single addresses. The error is like that of [NewPrefixList].
func NewNetworkList(networks []string) (*List, error) {
	l := &List{kind: networkList, n: len(networks)}
	return l.fill(networks, l.networks.add)
}

// maxEntryErrors is how many bad entries one error names.
const maxEntryErrors = 20

func (l *List) fill(entries []string, add func(string) error) (*List, error) {
	if len(entries) > MaxList {
		return nil, fmt.Errorf("%d entries are more than %d", len(entries), MaxList)
	}
	var errs []error
	for i, e := range entries {
		if err := add(e); err != nil {
			if len(errs) == maxEntryErrors {
				errs = append(errs, errors.New("more entries are wrong; only the first ones are named"))
				break
			}
			errs = append(errs, &EntryError{Index: i, Entry: e, Err: err})
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return l, nil
}

// MatchPrefix returns the longest prefix of the list that the number begins
// with. The number is in E.164 form, as the function e164 returns it; one
// without "+" matches nothing.
func (l *List) MatchPrefix(number string) (prefix string, ok bool) {
	return l.prefixes.longest(number)
}

// MatchDomain returns the entry that covers a host: the host itself, or else the
// wildcard with the most labels.
func (l *List) MatchDomain(host string) (pattern string, ok bool) {
	return l.domains.match(host)
}

// MatchAddr returns the longest network of the list that holds the address. An
// IPv4 address mapped into IPv6 is the IPv4 address; a zone is ignored.
func (l *List) MatchAddr(addr netip.Addr) (netip.Prefix, bool) {
	return l.networks.match(addr)
}
