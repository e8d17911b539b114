package reload

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// Files are read when nothing has happened to them for so long: who writes
	// in several steps should be done.
	quiet = 100 * time.Millisecond
	// But not later than this after the first event: somebody who never stops to
	// write must not keep a new policy out.
	atMost = time.Second
)

// watcher tells when files may have changed. It is used by one goroutine.
type watcher struct {
	notify  *fsnotify.Watcher
	log     *slog.Logger
	watched map[string]bool // what notify watches: directories, and the files
	entries map[string]bool // of those directories that decide what the files are
	deaf    string          // the last problem that was logged, to log it once
}

func newWatcher(log *slog.Logger) (*watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &watcher{notify: notify, log: log}, nil
}

// follow watches these files from now on. It is called again after each event:
// a link may lead elsewhere, or a directory be another one of the same name.
//
// It is directories that are watched, since a new file or link is often renamed
// into its place. The file itself is too: who mounts a single file from a host,
// as Docker does, changes it without an event in the directory.
func (w *watcher) follow(files []string) {
	watched, entries := make(map[string]bool), make(map[string]bool)
	var deaf error
	for _, file := range files {
		way := trail(file)
		for _, entry := range way {
			entries[entry] = true
			dir := filepath.Dir(entry)
			if err := w.notify.Add(dir); err != nil {
				deaf = errors.Join(deaf, &watchError{dir, err})
			}
			watched[dir] = true
		}
		if len(way) > 0 {
			last := way[len(way)-1]
			watched[last] = w.notify.Add(last) == nil // if there is one
		}
	}
	for old := range w.watched {
		if _, still := watched[old]; !still {
			_ = w.notify.Remove(old) // what is gone is not watched any more
		}
	}
	maps.DeleteFunc(watched, func(_ string, there bool) bool { return !there })
	w.watched, w.entries = watched, entries
	w.complain(deaf)
}

// watchError says what cannot be watched.
type watchError struct {
	dir string
	err error
}

func (e *watchError) Error() string { return e.dir + ": " + e.err.Error() }
func (e *watchError) Unwrap() error { return e.err }

func (w *watcher) complain(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != w.deaf && err != nil {
		w.log.Warn("changes of the policy are not seen: send SIGHUP after one", "error", err)
	}
	w.deaf = text
}

// wait returns true when the files may have changed and are quiet, or when poke
// says so, and false when ctx ends. If wide says yes, anything that happens in
// their directories counts.
func (w *watcher) wait(ctx context.Context, poke <-chan struct{}, wide func() bool) bool {
	var first time.Time // event that was not reported yet
	settled := time.NewTimer(time.Hour)
	defer settled.Stop()
	settled.Stop()
	touch := func() {
		now := time.Now()
		if first.IsZero() {
			first = now
		}
		settled.Reset(min(quiet, max(0, first.Add(atMost).Sub(now))))
	}
	for {
		select {
		case <-ctx.Done():
			return false
		case <-settled.C:
			return true
		case <-poke:
			return true
		case event := <-w.notify.Events:
			if w.concerns(event, wide) {
				touch()
			}
		case err := <-w.notify.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) { // which means: anything may have happened
				w.complain(err)
			}
			touch()
		}
	}
}

func (w *watcher) concerns(event fsnotify.Event, wide func() bool) bool {
	return w.entries[event.Name] || w.watched[event.Name] || event.Op != 0 && wide()
}

func (w *watcher) close() { _ = w.notify.Close() } // only its own memory is left to free
