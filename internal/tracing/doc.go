// Package tracing sets up OpenTelemetry for the programs, from the environment
// variables of its specification. What spans there are is the business of who
// makes them.
package tracing
