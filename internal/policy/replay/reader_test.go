package replay_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/policy/replay"
)

// text is a source that is no file.
func text(name string, data []byte) replay.Source {
	return replay.Source{Name: name, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// lines reads everything, as NAME:LINE TEXT, or NAME:LINE: FAULT.
func lines(sources ...replay.Source) (all []string, err error) {
	r := replay.NewReader(sources...)
	for {
		line, err := r.Next()
		fault, isFault := errors.AsType[*replay.LineError](err)
		switch {
		case err == nil:
			all = append(all, fmt.Sprintf("%s:%d %.20s", line.File, line.Number, line.Text))
		case isFault:
			all = append(all, fault.Error())
		case errors.Is(err, io.EOF):
			return all, r.Close()
		default:
			return all, errors.Join(err, r.Close())
		}
	}
}

func gzipped(t testing.TB, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t testing.TB, data string) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll([]byte(data), nil)
}

func TestReader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", record.MaxLine)
	for _, tt := range []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, ""},
		{"blank lines", []byte("\n  \na\n\n"), "f:3 a"},
		{"torn", []byte("a\nb"), "f:1 a|f:2: the line has no end: whoever wrote it was stopped"},
		{"long", []byte(long + "\nb\n"), "f:1: the line is longer than 1048576 bytes|f:2 b"},
		{"long without an end", []byte("a\n" + long + long), "f:1 a|f:2: the line is longer than 1048576 bytes"},
		{"just not too long", []byte(long[1:] + "\nb\n"), "f:1 xxxxxxxxxxxxxxxxxxxx|f:2 b"},
		{"gzip", gzipped(t, "a\nb\n"), "f:1 a|f:2 b"},
		{"zstd", zstandard(t, "a\nb\n"), "f:1 a|f:2 b"},
		{
			"gzip cut off", gzipped(t, "a\nb\n")[:26],
			"f:1 a|f:2 b|f:3: the compressed file ends, or breaks, here: unexpected EOF",
		},
		{
			"zstd cut off", zstandard(t, strings.Repeat("a\n", 3))[:12],
			"f:1: the compressed file ends, or breaks, here: unexpected EOF",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := lines(text("f", tt.data), text("g", []byte("next\n")))
			if err != nil {
				t.Fatal(err)
			}
			want := strings.Trim(tt.want+"|g:1 next", "|")
			if strings.Join(got, "|") != want {
				t.Errorf("got %s\nwant %s", strings.Join(got, "|"), want)
			}
		})
	}
}

// TestNoFile: what cannot be opened, or is neither, ends the reading.
func TestNoFile(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "none"): "no such file",
		t.TempDir():                        "is a directory",
	} {
		if _, err := lines(replay.File(path)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := lines(text("f", []byte{0x1f, 0x8b, 1, 2})); err == nil || !strings.HasPrefix(err.Error(), "f: ") {
		t.Errorf("no gzip: %v", err)
	}
}

// FuzzReader: whatever a file has, each of its lines is a record or a fault, and
// none is read twice.
func FuzzReader(f *testing.F) {
	entry := record.Entry{Question: question("1", "sip:a@h"), Error: &record.Error{Kind: record.Failed}}
	line, err := entry.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(line[:len(line)/2])
	f.Add([]byte("{}\n{\"schema\":1}\n\xff\n"))
	f.Add(gzipped(f, string(line)))
	f.Add(zstandard(f, string(line)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		r, last := replay.NewReader(text("f", data)), 0
		for {
			line, err := r.Next()
			fault, isFault := errors.AsType[*replay.LineError](err)
			var number int
			switch {
			case isFault:
				number = fault.Line
			case err != nil: // the end, or neither gzip nor zstd
				return
			default:
				number = line.Number
				again(t, line.Text)
			}
			if number <= last {
				t.Fatalf("line %d after line %d", number, last)
			}
			last = number
		}
	})
}

// again: what can be read can be written, and reads the same.
func again(t *testing.T, line []byte) {
	t.Helper()
	e, err := record.Decode(line)
	if err != nil {
		return
	}
	first, err := e.Encode()
	if err != nil {
		t.Logf("%v", err) // such as a year that JSON has no word for
		return
	}
	e, err = record.Decode(first)
	if err != nil {
		t.Fatalf("%v: %s", err, first)
	}
	second, err := e.Encode()
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("%v\n%s\n%s", err, first, second)
	}
}

// TestDecode: what is no record is told by what is wrong.
func TestDecode(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`{`:                             "unexpected end of JSON input",
		`{"a": 1}`:                      "it is no record: schema is missing",
		`{"schema": 2}`:                 "schema is 2; this program knows 1",
		`{"schema": 1}`:                 "question is missing",
		`{"schema": 1, "question": {}}`: "want an answer or an error, and not both",
		`{"schema": 1, "question": {}, "answer": {}, "error": {}}`:                                     "want an answer or an error, and not both",
		`{"schema": 1, "question": {"callId": 1}, "answer": {"reject": 1}}`:                            "answer: proto",
		`{"schema": 1, "question": [], "answer": {}}`:                                                  "question: proto",
		`{"schema": 1, "question": {"a": 1}, "answer": {"b": 1, "reject": {"status": 480}}, "new": 1}`: "",
	} {
		if _, err := record.Decode([]byte(line)); want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
}

// TestTornRecording: a recorder that was killed, and went on in the same file.
func TestTornRecording(t *testing.T) {
	t.Parallel()
	entry := record.Entry{Question: question("1", "sip:a@h"), Error: &record.Error{Kind: record.InvalidRequest}}
	line, err := entry.Encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "recording.jsonl")
	data := string(line) + string(line[:50]) + "\n" + string(line) + string(line[:60])
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range run(t, path, replay.Options{Policy: refusing{}}) {
		if r.Fault != nil {
			got = append(got, strings.TrimPrefix(r.Fault.Error(), path))
		} else {
			got = append(got, string(r.Difference.Kind))
		}
	}
	if want := "same|:2: unexpected end of JSON input|same|:4: the line has no end: whoever wrote it was stopped"; strings.Join(got, "|") != want {
		t.Errorf("got %s, want %s", strings.Join(got, "|"), want)
	}
}
