package linelog

import (
	"errors"
	"io"
	"os"

	"github.com/DeRuina/timberjack"
)

// output is where lines go. It belongs to one goroutine.
type output interface {
	io.Writer
	// reopen goes on with the file of that name, which another program may have
	// renamed. It reports whether that ends in the middle of a line.
	reopen() (torn bool, err error)
	Close() error
}

// stream is standard output: nothing to rotate, and not ours to close.
type stream struct{ io.Writer }

func (stream) reopen() (bool, error) { return false, nil }
func (stream) Close() error          { return nil }

// file rotates itself.
type file struct {
	*timberjack.Logger
	cfg Config
}

// openFile creates the file if it is not there, and reports whether it ends in
// the middle of a line: whoever wrote it was killed.
func openFile(cfg Config) (f *file, torn bool, err error) {
	torn, err = create(cfg.File)
	if err != nil {
		return nil, false, err
	}
	return &file{Logger: newLogger(&cfg), cfg: cfg}, torn, nil
}

func newLogger(cfg *Config) *timberjack.Logger {
	return &timberjack.Logger{
		Filename: cfg.File, MaxSize: int(cfg.MaxSize >> 20), MaxBackups: cfg.MaxBackups, MaxAge: cfg.MaxAge,
		Compression: string(cfg.Compress),
	}
}

func (f *file) reopen() (bool, error) {
	err := f.Close()
	f.Logger = newLogger(&f.cfg) // a closed one rotates nothing any more
	torn, createErr := create(f.cfg.File)
	return torn, errors.Join(err, createErr)
}

// create creates a file if it is not there, and reports whether it ends in the
// middle of a line.
func create(path string) (torn bool, err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o640)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return false, err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], size-1); err != nil {
		return false, err
	}
	return last[0] != '\n', nil
}
