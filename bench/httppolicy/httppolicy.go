// Package httppolicy is the policy that Kamailio asks over HTTP in the benchmark:
// the like-for-like peer of an edge with a policy over gRPC.
package httppolicy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Address is where Kamailio's configuration asks.
const Address = "127.0.0.1:8099"

// Serve answers until the context ends.
func Serve(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", Address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: http.HandlerFunc(decide), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // Serve returns then
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// decide is posted the Call-ID, the status and the contacts of a 3xx, and answers
// with the targets, best first.
func decide(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	targets := targetsOf(string(body))
	if len(targets) == 0 {
		http.NotFound(w, r)
		return
	}
	fmt.Fprint(w, strings.Join(targets, "|"))
}

var contact = regexp.MustCompile(`<([^>]+)>(?:;q=([0-9.]+))?`)

// targetsOf are the URIs in angle brackets, by q.
func targetsOf(text string) []string {
	type target struct {
		uri string
		q   float64
	}
	var all []target
	for _, match := range contact.FindAllStringSubmatch(text, -1) {
		q := 1.0
		if match[2] != "" {
			q, _ = strconv.ParseFloat(match[2], 64) // 0: tried last
		}
		all = append(all, target{match[1], q})
	}
	slices.SortStableFunc(all, func(a, b target) int { return cmp.Compare(b.q, a.q) })
	uris := make([]string, len(all))
	for i, t := range all {
		uris[i] = t.uri
	}
	return uris
}
