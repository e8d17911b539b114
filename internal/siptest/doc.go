// Package siptest has scripted SIP peers for tests on the wire: real sockets on
// loopback addresses, messages as text, and a deadline on every read.
//
// It reads messages with a small reader of its own and builds them from text,
// and uses nothing of the code that it tests: a test must not believe that.
// What is sent and received is in the log of the test, marked > and <.
package siptest
