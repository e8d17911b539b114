// Package sipcontract reads SIP messages into the messages of the contract, for the
// edge, which has a call in hand, and for whoever has the text of one: [Question]
// makes the question of an INVITE and the 3xx that answered it, [Split] finds the
// two in a text.
//
// The edge's way of reading is the only one: what can't be read is shown as it came,
// and bytes that are not UTF-8 are replaced as the head of the contract says.
package sipcontract
