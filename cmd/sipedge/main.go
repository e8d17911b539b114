// Command sipedge is a SIP proxy that puts every 3xx it receives to a redirect
// policy, and sends the call where the policy says.
package main

import (
	"context"
	"os"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }
