package policyrpc_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// deadline of each decision: what the edge gives a policy.
const deadline = 200 * time.Millisecond

// steady calls f a hundred times a second, on 4 goroutines, until the function that
// it returns is called; that one gives the errors.
func steady(t *testing.T, f func() error) func() []error {
	t.Helper()
	var (
		mu   sync.Mutex
		errs []error
		wg   sync.WaitGroup
	)
	stop := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			ticker := time.NewTicker(40 * time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-stop:
					return
				case <-ticker.C:
				}
				if err := f(); err != nil {
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	end := sync.OnceFunc(func() {
		close(stop)
		wg.Wait()
	})
	t.Cleanup(end)
	return func() []error {
		end()
		return errs
	}
}

// tally counts decisions by the process that made them.
type tally map[string]*atomic.Int64 // by revision

func newTally(processes []*process) tally {
	c := make(tally)
	for _, p := range processes {
		c[p.revision] = new(atomic.Int64)
	}
	return c
}

// ask asks once about a 302 with one contact.
func (c tally) ask(t *testing.T, client *policyrpc.Client) (*redirectv1.DecideResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	resp, err := client.Decide(ctx, redirected())
	if n, ok := c[resp.GetExplanation().GetConfigRevision()]; ok {
		n.Add(1)
	}
	return resp, err
}

// check asks once, and says if that brought no decision, or another one.
func (c tally) check(t *testing.T, client *policyrpc.Client) error {
	t.Helper()
	resp, err := c.ask(t, client)
	if err != nil {
		return err
	}
	if targets := resp.GetTryTargets().GetTargets(); len(targets) != 1 || targets[0].GetUri() != "sip:bob@192.0.2.7" {
		return fmt.Errorf("decision %v, want the contact as the target", resp)
	}
	return nil
}

func (c tally) of(p *process) int64 { return c[p.revision].Load() }

func (c tally) reset() {
	for _, n := range c {
		n.Store(0)
	}
}

func (c tally) total() int64 {
	var sum int64
	for _, n := range c {
		sum += n.Load()
	}
	return sum
}

func (c tally) least() int64 {
	least := c.total()
	for _, n := range c {
		least = min(least, n.Load())
	}
	return least
}

// progress waits until each of these processes has made n more decisions.
func (c tally) progress(t *testing.T, what string, processes []*process, n int64) {
	t.Helper()
	before := make(map[*process]int64)
	for _, p := range processes {
		before[p] = c.of(p)
	}
	for _, p := range processes {
		await(t, fmt.Sprintf("%d decisions by %s %s", n, p.address, what), 30*time.Second, func() bool { return c.of(p) >= before[p]+n })
	}
}

// back waits until p makes decisions again.
func (c tally) back(t *testing.T, p *process) {
	t.Helper()
	before := c.of(p)
	await(t, "decisions by "+p.address+", which is back", 3*time.Second, func() bool { return c.of(p) > before })
}
