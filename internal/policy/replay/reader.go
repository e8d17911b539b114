package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/redirectd/redirectd/internal/policy/record"
)

// Line is a line of a recording.
type Line struct {
	File   string
	Number int    // from 1
	Text   []byte // without its end
}

// LineError is a line that is no record, or a file that ends early. It is skipped.
type LineError struct {
	File string
	Line int // from 1
	Err  error
}

// Error returns "FILE:LINE: what is wrong".
func (f *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", f.File, f.Line, f.Err) }

// Unwrap returns what is wrong.
func (f *LineError) Unwrap() error { return f.Err }

// What is wrong with lines before anybody reads them.
var (
	errTorn = errors.New("the line has no end: whoever wrote it was stopped")
	errLong = fmt.Errorf("the line is longer than %d bytes", record.MaxLine)
)

// Source is something to read a recording from.
type Source struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// File returns the source of a file, compressed or not.
func File(path string) Source {
	return Source{path, func() (io.ReadCloser, error) { return os.Open(path) }}
}

// Reader reads the lines of recordings one after the other. It belongs to one
// goroutine.
type Reader struct {
	sources []Source
	file    io.ReadCloser // nil between files
	text    io.ReadCloser // what file says, decompressed
	lines   *bufio.Reader
	number  int
}

// NewReader returns a reader of all sources, in their order. Close ends it.
func NewReader(sources ...Source) *Reader { return &Reader{sources: sources} }

// Next returns the next line that is not empty. The error is io.EOF at the end, a
// [LineError] for what is skipped - Next goes on after it -, or that of opening or
// reading a file.
func (r *Reader) Next() (*Line, error) {
	for {
		if r.file == nil {
			if len(r.sources) == 0 {
				return nil, io.EOF
			}
			if err := r.open(); err != nil {
				return nil, err
			}
		}
		line, err := r.line()
		switch {
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case err != nil:
			if err := r.next(); err != nil {
				return nil, err
			}
		case len(bytes.TrimSpace(line)) > 0:
			return &Line{r.sources[0].Name, r.number, line}, nil
		}
	}
}

// open opens the first of the files that are left.
func (r *Reader) open() error {
	file, err := r.sources[0].Open()
	if err != nil {
		return err
	}
	text, err := decompress(file)
	if err != nil {
		return errors.Join(fmt.Errorf("%s: %w", r.sources[0].Name, err), file.Close())
	}
	r.file, r.text, r.lines, r.number = file, text, bufio.NewReaderSize(text, 64<<10), 0
	return nil
}

// next leaves the file.
func (r *Reader) next() error {
	err := r.Close()
	r.sources = r.sources[1:]
	return err
}

// Close closes the file that is open.
func (r *Reader) Close() error {
	if r.file == nil {
		return nil
	}
	err := errors.Join(r.text.Close(), r.file.Close())
	r.file = nil
	return err
}

// line returns the next line of the file, without its end; a copy.
func (r *Reader) line() ([]byte, error) {
	r.number++
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		switch {
		case err == nil && len(line)+len(part) > record.MaxLine, errors.Is(err, bufio.ErrBufferFull) && len(line)+len(part) > record.MaxLine:
			return nil, r.skip(err)
		case err == nil:
			return bytes.TrimSuffix(append(line, part...), []byte("\n")), nil
		case errors.Is(err, bufio.ErrBufferFull):
			line = append(line, part...)
		case errors.Is(err, io.EOF) && len(line)+len(part) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, r.fault(errTorn)
		default:
			return nil, r.broken(err)
		}
	}
}

// skip reads over what is left of a line that is too long.
func (r *Reader) skip(err error) error {
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = r.lines.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return r.broken(err)
	}
	return r.fault(errLong)
}

// broken says why a file cannot be read on. One whose compression ends early is
// torn; what follows is the next file.
func (r *Reader) broken(err error) error {
	if _, plain := r.text.(plainText); plain {
		return fmt.Errorf("%s: %w", r.sources[0].Name, err)
	}
	fault := r.fault(fmt.Errorf("the compressed file ends, or breaks, here: %w", err))
	if err := r.next(); err != nil {
		return err
	}
	return fault
}

func (r *Reader) fault(err error) error { return &LineError{r.sources[0].Name, r.number, err} }

// plainText is a file that is not compressed.
type plainText struct{ io.Reader }

func (plainText) Close() error { return nil }

// maxWindow is how much a compressed file may make its reader remember, in bytes.
const maxWindow = 64 << 20

// decompress reads a file that is compressed by gzip or zstd, or is not, as it
// begins.
func decompress(file io.Reader) (io.ReadCloser, error) {
	begin := bufio.NewReader(file)
	magic, err := begin.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return gzip.NewReader(begin)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		d, err := zstd.NewReader(begin, zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return plainText{begin}, nil
}
