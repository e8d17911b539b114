// Package locate finds out where a request for a SIP URI is to be sent: RFC 3263
// section 4, with the WebSocket services of RFC 7118 and both address families
// of RFC 7984.
//
// The host of the URI, or its maddr parameter, is the TARGET of the RFC. What is
// asked depends on what the URI says:
//
//	an address                       nothing
//	a port                           A and AAAA
//	a transport, but no port         SRV of that transport; without any, A and AAAA
//	neither                          NAPTR, then the SRV records that it names;
//	                                 without any, SRV of each transport of ours;
//	                                 without any, A and AAAA
//
// A name of /etc/hosts and "localhost" is an address: DNS is not asked for it.
//
// All this is written once, as a pass over what is known (pass.go). Whatever a
// pass misses is asked, all of it at once, and the next pass knows more.
// [Resolver.Known] is one pass over the cache; [Resolver.Lookup] repeats it until
// nothing is missing. The weights of RFC 2782 are drawn anew by each of them.
//
//	pass.go, naptr.go, srv.go     which questions, and the order of the hops
//	question.go, answer.go        what is asked, and the reading of what comes
//	ask.go                        one question at a time per name; the cache
//	exchange.go                   to one server after the other, by UDP and TCP
//	system.go, hosts.go           /etc/resolv.conf and /etc/hosts
//	unreachable.go                what could not be reached comes last
//
// Choices that the RFC leaves open: of one name the addresses alternate between
// the families, IPv6 first unless it is unique local (RFC 6724, RFC 8305). When
// addresses are known but others are still asked for, a quarter of the timeout is
// waited for those. NAPTR that cannot be had (SERVFAIL, no answer) counts as
// none; SRV that cannot be had does not, as the host of a domain may be anything
// but its SIP server.
package locate
