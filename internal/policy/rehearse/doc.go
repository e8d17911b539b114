// Package rehearse runs the unit tests of a policy file: given this call and this
// 3xx, expect these targets in this order.
//
// [Load] reads a file of tests strictly, with every mistake at its line and column.
// A [Test] holds a question of the contract, made as an edge makes it, and what is
// expected of the answer; [Test.Run] puts it to a policy, and the [Result] says what
// is different and why the policy decided so.
//
// What a test does not say about its call has one fixed value, the time included,
// so that a test gives the same result every day.
package rehearse
