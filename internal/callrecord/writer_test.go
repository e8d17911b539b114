package callrecord

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/redirectd/redirectd/internal/linelog"
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
	w, err := Open(Config{Config: linelog.Config{File: linelog.Stdout}}, Options{Stdout: &out, Registerer: registry})
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

// TestAddFromEverywhere: many goroutines at once, and Close between them.
func TestAddFromEverywhere(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := Open(Config{Config: linelog.Config{File: linelog.Stdout}, Redact: RedactUsers}, Options{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
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
