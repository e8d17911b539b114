package callrecord

import (
	"io"
	"os"

	"github.com/DeRuina/timberjack"
)

// output is where lines go. It belongs to one goroutine.
type output interface {
	io.Writer
	// reopen goes on with the file of that name, which another program may have
	// renamed.
	reopen() error
	Close() error
}

// stream is standard output: nothing to rotate, and not ours to close.
type stream struct{ io.Writer }

func (stream) reopen() error { return nil }
func (stream) Close() error  { return nil }

// file rotates itself.
type file struct {
	*timberjack.Logger
	cfg Config
}

// openFile creates the file if it is not there.
func openFile(cfg Config) (*file, error) {
	f, err := os.OpenFile(cfg.File, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	return &file{Logger: newLogger(&cfg), cfg: cfg}, nil
}

func newLogger(cfg *Config) *timberjack.Logger {
	return &timberjack.Logger{
		Filename: cfg.File, MaxSize: int(cfg.MaxSize >> 20), MaxBackups: cfg.MaxBackups, MaxAge: cfg.MaxAge,
		Compression: string(cfg.Compress),
	}
}

func (f *file) reopen() error {
	err := f.Close()
	f.Logger = newLogger(&f.cfg) // a closed one rotates nothing any more
	return err
}
