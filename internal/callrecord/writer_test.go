package callrecord

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

func closed(t *testing.T, w *Writer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func dropped(w *Writer, reason string) float64 {
	return testutil.ToFloat64(w.dropped.WithLabelValues(reason))
}

// numbered are lines that can be told apart.
func numbered(n int) *Late { return &Late{Kind: KindLate, CallID: strconv.Itoa(n)} }

// callIDs reads lines, each of which must be one record.
func callIDs(t *testing.T, lines []byte) (ids []string) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		var l Late
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		ids = append(ids, l.CallID)
	}
	return ids
}

// TestStdout: all that were added before Close are written in order; later ones are
// counted.
func TestStdout(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	registry := prometheus.NewRegistry()
	w, err := Open(Config{File: Stdout}, Options{Stdout: &out, Registerer: registry})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		w.Add(numbered(i))
	}
	w.Reopen() // means nothing here
	closed(t, w)
	for i, id := range callIDs(t, out.Bytes()) {
		if id != strconv.Itoa(i) {
			t.Fatalf("line %d is of call %s", i, id)
		}
	}
	w.Add(numbered(0))
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP sipedge_call_records_dropped_total Records lost.
# TYPE sipedge_call_records_dropped_total counter
sipedge_call_records_dropped_total{reason="closed"} 1
sipedge_call_records_dropped_total{reason="queue_full"} 0
sipedge_call_records_dropped_total{reason="write_error"} 0
# HELP sipedge_call_records_written_total Records written.
# TYPE sipedge_call_records_written_total counter
sipedge_call_records_written_total 1000
`)); err != nil {
		t.Error(err)
	}
	closed(t, w) // a second time
}

// gate is a pipe that nobody reads until it is opened.
type gate struct {
	bytes.Buffer
	entered chan struct{}
	open    chan struct{}
	once    sync.Once
}

func (g *gate) Write(b []byte) (int, error) {
	g.once.Do(func() { close(g.entered) })
	<-g.open
	return g.Buffer.Write(b)
}

// TestNobodyWaits: with a pipe that is stuck, records are dropped at a bound, and
// Close gives up when it is told to.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	g := &gate{entered: make(chan struct{}), open: make(chan struct{})}
	w := start(stream{g}, RedactNone, Options{})
	long := strings.Repeat("x", 60<<10)
	const added = 200 // of 60 KiB: 12 MiB
	w.Add(&Late{Kind: KindLate, Reason: long})
	<-g.entered
	for range added - 1 {
		w.Add(&Late{Kind: KindLate, Reason: long})
	}
	w.mu.Lock()
	if held := len(w.waiting) + w.writing; held > maxWaiting || held < maxWaiting-MaxBytes {
		t.Errorf("%d bytes are held, want nearly %d", held, maxWaiting)
	}
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Close(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "bytes are not written") {
		t.Errorf("Close says %v", err)
	}
	close(g.open)
	closed(t, w)
	written := testutil.ToFloat64(w.written)
	if lost := dropped(w, "queue_full"); lost == 0 || written+lost != added {
		t.Errorf("%v written and %v dropped of %d", written, lost, added)
	}
	if n := bytes.Count(g.Bytes(), []byte("\n")); float64(n) != written {
		t.Errorf("%d lines, and the metric says %v", n, written)
	}
}

// broken takes half of every second write of lines.
type broken struct {
	bytes.Buffer
	n int
}

func (b *broken) Write(p []byte) (int, error) {
	if len(p) > 1 {
		b.n++
	}
	if b.n%2 == 0 && len(p) > 1 {
		n, _ := b.Buffer.Write(p[:len(p)/2])
		return n, io.ErrShortWrite
	}
	return b.Buffer.Write(p)
}

// TestTornLine: after a line that was written in part the next one is whole, and
// the log hears of it once.
func TestTornLine(t *testing.T) {
	t.Parallel()
	out, log := &broken{}, &bytes.Buffer{}
	w := start(stream{out}, RedactNone, Options{Logger: slog.New(slog.NewTextHandler(log, nil))})
	for i := range 20 {
		w.Add(numbered(i))
		w.settle(t)
	}
	closed(t, w)
	whole := 0
	for line := range bytes.Lines(out.Bytes()) {
		if json.Valid(line) {
			whole++
		}
	}
	written := testutil.ToFloat64(w.written)
	if float64(whole) != written || written != 10 || written+dropped(w, "write_error") != 20 {
		t.Errorf("%d whole lines, %v written, %v dropped of 20\n%s", whole, written, dropped(w, "write_error"), out.Bytes())
	}
	if n := strings.Count(log.String(), "call records are lost"); n != 1 {
		t.Errorf("the log says so %d times: %s", n, log)
	}
}

// settle waits until nothing waits to be written.
func (w *Writer) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		w.mu.Lock()
		idle := len(w.waiting)+w.writing == 0 && !w.wantReopen
		w.mu.Unlock()
		if idle {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("records still wait")
		}
		<-time.After(time.Millisecond)
	}
}

// TestReopen: logrotate renames the file and sends SIGHUP: no record is lost, and
// none is split.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "records.jsonl")
	w := openIn(t, Config{File: path})
	w.Add(numbered(0))
	w.settle(t)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	w.Add(numbered(1)) // it still goes to the renamed one
	w.settle(t)
	w.Reopen()
	w.Add(numbered(2))
	closed(t, w)
	for file, want := range map[string]string{path + ".1": "0 1", path: "2"} {
		if got := strings.Join(callIDs(t, contentOf(t, file)), " "); got != want {
			t.Errorf("%s has %s, want %s", file, got, want)
		}
	}
}

// TestAppends: a restart goes on in the same file, of which others see what the
// group may see.
func TestAppends(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "records.jsonl")
	for i := range 2 {
		w := openIn(t, Config{File: path})
		w.Add(numbered(i))
		closed(t, w)
	}
	if got := strings.Join(callIDs(t, contentOf(t, path)), " "); got != "0 1" {
		t.Errorf("it has %s", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&^0o640 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestRotation: files are rotated at their size, compressed, and the oldest ones
// removed; every line of every file is whole.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "records.jsonl")
	w := openIn(t, Config{File: path, MaxSize: MinSize, MaxBackups: 2, Compress: CompressGzip})
	text := strings.Repeat("0123456789abcdef", 2000)
	for range 160 { // 5 MiB
		w.Add(&Late{Kind: KindLate, Reason: text})
		w.settle(t)
	}
	closed(t, w)
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 3 {
		t.Fatalf("files: %q, %v; want the current one and two before it", names, err)
	}
	for _, name := range names {
		data := contentOf(t, name)
		if name != path {
			if !strings.HasSuffix(name, ".jsonl.gz") {
				t.Errorf("%s is not compressed", name)
				continue
			}
			r, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if data, err = io.ReadAll(r); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(callIDs(t, data)); n == 0 || len(data) > MinSize {
			t.Errorf("%s has %d lines, %d bytes", name, n, len(data))
		}
	}
}

func openIn(t *testing.T, cfg Config) *Writer {
	t.Helper()
	w, err := Open(cfg, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestAddFromEverywhere: many goroutines at once, and Close between them.
func TestAddFromEverywhere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := start(stream{&out}, RedactUsers, Options{})
	var wg sync.WaitGroup
	const goroutines, each = 8, 40
	for range goroutines {
		wg.Go(func() {
			for i := range each {
				w.Add(typical())
				if i == each/2 {
					w.Reopen()
				}
			}
		})
	}
	closed(t, w)
	wg.Wait()
	written, late := testutil.ToFloat64(w.written), dropped(w, "closed")
	if written+late != goroutines*each {
		t.Errorf("%v written and %v too late of %d", written, late, goroutines*each)
	}
	if n := len(callIDs(t, out.Bytes())); float64(n) != written {
		t.Errorf("%d lines, and the metric says %v", n, written)
	}
}

// TestCheck: what can be known beforehand, in words.
func TestCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"":                                    "",
		Stdout:                                "",
		plain:                                 "",
		filepath.Join(dir, "new"):             "",
		dir:                                   dir + " is a directory: want a file, or stdout",
		os.DevNull:                            os.DevNull + " is no regular file: want a file, or stdout",
		filepath.Join(dir, "none", "x.jsonl"): "there is no directory " + filepath.Join(dir, "none"),
		filepath.Join(plain, "x.jsonl"):       "stat " + filepath.Join(plain, "x.jsonl") + ": not a directory",
	} {
		got := ""
		if err := (&Config{File: path}).Check(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		if _, err := Open(Config{File: path}, Options{}); want != "" && (err == nil || err.Error() != "records.file: "+want) {
			t.Errorf("Open %s: %v", path, err)
		}
	}
	if data := contentOf(t, plain); string(data) != "{}\n" {
		t.Errorf("the check has changed the file: %q", data)
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("the check has made a directory")
	}
}
