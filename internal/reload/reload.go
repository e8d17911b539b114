// Package reload lets a running program take over a new policy: when a file of it
// changes, or when it is told to. One that is good takes the place of the one
// before at once and as a whole; one that is not changes nothing, and is reported
// in the log, in metrics and in what /readyz says.
package reload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redirectd/redirectd/internal/policy"
)

// Options of [New].
type Options struct {
	// Program stands before the names of the metrics: redirectd or sipedge.
	Program string
	// File is the policy file as the operator names it; empty if there is none,
	// and then there is nothing to read again.
	File string
	// Load reads the policy anew and finds everything that keeps it from being
	// used. Its error has one problem per line. Required if there is a File.
	Load func() (*policy.Config, error)
	// Logger gets a line for each new policy, and one for each problem of one
	// that is not good; nil discards them.
	Logger *slog.Logger
}

// Reloader holds the policy of a program, and reads it again. Its methods are
// safe for concurrent use.
type Reloader struct {
	o       Options
	live    *policy.Live
	metrics *metrics
	failed  atomic.Pointer[refusal] // the last reload, if it was bad
	readAt  atomic.Int64            // when the policy was found good, Unix nanoseconds
	poke    chan struct{}           // SIGHUP was here: follow other files, perhaps

	mu    sync.Mutex // one reload at a time
	good  []string   // files of the policy that was good last
	files []string   // those, and the lists of one that was not good since
}

// New returns a Reloader that begins with a configuration that was just read.
func New(cfg *policy.Config, o Options) *Reloader {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Reloader{o: o, live: policy.NewLive(policy.NewBuiltin(cfg)), poke: make(chan struct{}, 1), good: slices.Clone(cfg.Files), files: slices.Clone(cfg.Files)}
	r.readAt.Store(time.Now().UnixNano())
	r.metrics = newMetrics(r)
	r.warn(cfg)
	return r
}

// warn logs what is no mistake in a policy but hardly meant.
func (r *Reloader) warn(cfg *policy.Config) {
	for _, w := range cfg.Warnings {
		r.o.Logger.Warn("policy", "warning", w.String())
	}
}

// Live returns the policy, which is always the last good one.
func (r *Reloader) Live() *policy.Live { return r.live }

// Again reads the policy because somebody asks for it, and logs what came of it.
// It reports whether there is anything to read.
func (r *Reloader) Again() bool {
	if r.o.File == "" {
		return false
	}
	r.reload(true)
	select {
	case r.poke <- struct{}{}:
	default: // it will look anyway
	}
	return true
}

// Watch reads the policy when a file of it has changed, from before it returns
// until ctx ends or stop is called, which returns when it is over. What cannot
// be watched is logged: then there is Again.
func (r *Reloader) Watch(ctx context.Context) (stop func()) {
	if r.o.File == "" {
		return func() {}
	}
	w, err := newWatcher(r.o.Logger)
	if err != nil {
		r.o.Logger.Warn("changes of the policy are not seen: send SIGHUP after one", "error", err)
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	w.follow(r.watched())
	go func() {
		defer close(ended)
		defer w.close()
		r.catchUp(w) // with what happened since it was read
		for w.wait(ctx, r.poke, r.isFailed) {
			w.follow(r.watched())
			r.catchUp(w)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// maxCatchUp bounds how often files are read in a row because they name others.
const maxCatchUp = 3

// catchUp reads the policy, and once more if it has other files than before:
// those may have changed before they were watched.
func (r *Reloader) catchUp(w *watcher) {
	for range maxCatchUp {
		before := r.watched()
		r.reload(false)
		after := r.watched()
		if slices.Equal(before, after) {
			return
		}
		w.follow(after)
	}
}

func (r *Reloader) isFailed() bool { return r.failed.Load() != nil }

func (r *Reloader) watched() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	files := []string{r.o.File}
	for _, f := range r.files {
		if !slices.Contains(files, f) {
			files = append(files, f)
		}
	}
	return files
}

// reload reads the policy and uses it if it is good. If nobody asked, nothing is
// said of what is as it was.
func (r *Reloader) reload(asked bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	cfg, builtin, err := r.read()
	if err != nil {
		r.refuse(err, asked)
		// It may lack nothing but a list that is on its way.
		if lists, ok := errors.AsType[*policy.ListsError](err); ok {
			r.files = slices.Concat(r.good, lists.Files)
		}
		return
	}
	before := r.live.Info().GetConfigRevision()
	r.good = slices.Clone(cfg.Files)
	r.files = r.good
	r.readAt.Store(time.Now().UnixNano())
	if cfg.Revision != before {
		r.live.Swap(builtin)
		r.warn(cfg)
	}
	failed := r.failed.Swap(nil) != nil
	switch {
	case cfg.Revision != before:
		r.metrics.good.Inc()
		r.o.Logger.Info("policy reloaded", "file", r.o.File, "profiles", len(cfg.Profiles), "revision", cfg.Revision, "before", before)
	case failed:
		r.metrics.good.Inc()
		r.o.Logger.Info("policy good again, and the one that is in use", "file", r.o.File, "revision", cfg.Revision)
	case asked:
		r.o.Logger.Info("policy unchanged", "file", r.o.File, "revision", cfg.Revision)
	}
}

// read reads the policy. A mistake of ours in that ends no program that serves.
func (r *Reloader) read() (cfg *policy.Config, builtin *policy.Builtin, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.o.Logger.Error("panic", "value", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("%s: reading it ended in a panic, which is a mistake of the program: please report it", r.o.File)
		}
	}()
	// At the start a pipe is good enough; to wait for who writes to it now would
	// be to wait for ever.
	if info, err := os.Stat(r.o.File); err == nil && !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s: it is no regular file (%s), and only those are read again", r.o.File, info.Mode().Type())
	}
	if cfg, err = r.o.Load(); err != nil {
		return nil, nil, err
	}
	return cfg, policy.NewBuiltin(cfg), nil
}
