// Command redirectd serves the redirect policy contract over gRPC. Run
// "redirectd --help" for what it can do.
package main

import (
	"context"
	"os"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
