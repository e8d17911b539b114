// Package linelog appends lines to a file, which it rotates, or to standard
// output, off the path of whoever adds them. What the disk does not take in time
// is dropped and counted; lines stay whole.
package linelog
