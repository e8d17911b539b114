// Package record writes down what a policy was asked and what it answered, so that
// another policy, or the next version of its configuration, can be asked the same:
// package replay does that.
//
// A recording is a file of lines, each of which is an [Entry] in JSON;
// docs/replay.md says what they say.
package record
