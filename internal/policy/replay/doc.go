// Package replay asks a policy what another one, or the same one yesterday, was
// asked, and says in what its answers differ from those that were recorded by
// package record.
package replay
