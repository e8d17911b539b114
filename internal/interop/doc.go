// Package interop holds the tests of both programs against real peers: SIPp as
// caller and as answering side, Kamailio as the redirect server and as a proxy on
// either side, and baresip as telephones with RTP, all on loopback. It has no code
// of its own.
//
//	SIPp caller --> sipedge --> Kamailio, which answers 3xx
//	                  |  \----> redirectd, unless the policy is embedded
//	                  \-------> SIPp targets, one at a time
//
// What a test asserts is what the peers saw: SIPp's verdict on its scenario,
// SIPp's trace of the messages that it sent and received, Kamailio's log and
// statistics, and what a telephone shows. The tests need the Debian packages
// sip-tester, kamailio, kamailio-tls-modules, kamailio-utils-modules, baresip-core and
// nftables, and fail without.
//
// The soak runs in a network namespace of its own, where nftables drops datagrams:
// it needs root, or a system that lets its users make one.
package interop
