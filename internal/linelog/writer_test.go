package linelog

import (
	"bytes"
	"compress/gzip"
	"context"
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

const written Reason = "written"

// counts are lines by what became of them.
type counts struct {
	mu sync.Mutex
	of map[Reason]int
}

func newCounts() *counts { return &counts{of: make(map[Reason]int)} }

func (c *counts) add(why Reason, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[why] += n
}

func (c *counts) get(why Reason) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[why]
}

func (c *counts) options() Options {
	return Options{What: "tests", Written: func(n int) { c.add(written, n) }, Lost: c.add}
}

// numbered are lines that can be told apart.
func numbered(n int) []byte { return []byte(strconv.Itoa(n) + "\n") }

// numbersIn reads lines, each of which must be whole.
func numbersIn(t *testing.T, lines []byte) (numbers []string) {
	t.Helper()
	for line := range bytes.Lines(lines) {
		number, ok := strings.CutSuffix(string(line), "\n")
		if _, err := strconv.Atoi(number); err != nil || !ok {
			t.Fatalf("%v: %s", err, line)
		}
		numbers = append(numbers, number)
	}
	return numbers
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
	c := newCounts()
	w := start(stream{g}, false, c.options())
	long := []byte(strings.Repeat("x", 60<<10) + "\n")
	const added = 200 // of 60 KiB: 12 MiB
	w.Add(long)
	<-g.entered
	for range added - 1 {
		w.Add(long)
	}
	w.mu.Lock()
	if held := len(w.waiting) + w.writing; held > maxWaiting || held < maxWaiting-len(long) {
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
	done, lost := c.get(written), c.get(QueueFull)
	if lost == 0 || done+lost != added {
		t.Errorf("%v written and %v dropped of %d", done, lost, added)
	}
	if n := bytes.Count(g.Bytes(), []byte("\n")); n != done {
		t.Errorf("%d lines, and %v are counted", n, done)
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
	c := newCounts()
	options := c.options()
	options.Logger = slog.New(slog.NewTextHandler(log, nil))
	w := start(stream{out}, false, options)
	for i := range 20 {
		w.Add(numbered(100 + i))
		w.settle(t)
	}
	closed(t, w)
	whole := 0
	for line := range bytes.Lines(out.Bytes()) {
		if len(line) == len("100\n") {
			whole++
		}
	}
	if done, lost := c.get(written), c.get(WriteError); whole != done || done != 10 || done+lost != 20 {
		t.Errorf("%d whole lines, %v written, %v dropped of 20\n%s", whole, done, lost, out.Bytes())
	}
	if n := strings.Count(log.String(), `of=tests what="some are lost"`); n != 1 {
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
			t.Fatal("lines still wait")
		}
		<-time.After(time.Millisecond)
	}
}

// TestReopen: logrotate renames the file and sends SIGHUP: no line is lost, and
// none is split.
func TestReopen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lines.jsonl")
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
		if got := strings.Join(numbersIn(t, contentOf(t, file)), " "); got != want {
			t.Errorf("%s has %s, want %s", file, got, want)
		}
	}
}

// TestAppends: a restart goes on in the same file, of which others see what the
// group may see.
func TestAppends(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lines.jsonl")
	for i := range 2 {
		w := openIn(t, Config{File: path})
		w.Add(numbered(i))
		closed(t, w)
	}
	if got := strings.Join(numbersIn(t, contentOf(t, path)), " "); got != "0 1" {
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
	path := filepath.Join(dir, "lines.jsonl")
	w := openIn(t, Config{File: path, MaxSize: MinSize, MaxBackups: 2, Compress: CompressGzip})
	line := []byte(strings.Repeat("7", 32<<10) + "\n")
	for range 160 { // 5 MiB
		w.Add(line)
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
		if n := bytes.Count(data, line); n == 0 || len(data) > MinSize || n*len(line) != len(data) {
			t.Errorf("%s has %d whole lines, %d bytes", name, n, len(data))
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
	c := newCounts()
	w := start(stream{&out}, false, c.options())
	var wg sync.WaitGroup
	const goroutines, each = 8, 200
	for range goroutines {
		wg.Go(func() {
			for i := range each {
				w.Add(numbered(i))
				if i == each/2 {
					w.Reopen()
				}
			}
		})
	}
	closed(t, w)
	wg.Wait()
	if written, late := c.get(written), c.get(Closed); written+late != goroutines*each {
		t.Errorf("%v written and %v too late of %d", written, late, goroutines*each)
	}
	if n := len(numbersIn(t, out.Bytes())); n != c.get(written) {
		t.Errorf("%d lines, and %v are counted", n, c.get(written))
	}
}

// TestTornFile: whoever wrote to the file before was killed in the middle of a
// line.
func TestTornFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lines.jsonl")
	tear := func() {
		t.Helper()
		f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("{\"torn"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	tear()
	w := openIn(t, Config{File: path})
	w.Add(numbered(1))
	w.settle(t)
	tear()
	w.Reopen()
	w.Add(numbered(2))
	closed(t, w)
	if got, want := string(contentOf(t, path)), "{\"torn\n1\n{\"torn\n2\n"; got != want {
		t.Errorf("it has %q, want %q", got, want)
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
		if _, err := Open(Config{File: path}, Options{}); want != "" && (err == nil || err.Error() != want) {
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
