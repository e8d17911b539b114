package linelog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Stdout is the name that stands for standard output.
const Stdout = "stdout"

// Config says where lines go. The zero value of a field but File means the
// default that its comment names.
type Config struct {
	// File is where lines are appended, or [Stdout]. Empty: nowhere.
	File string
	// MaxSize is the size in bytes that a file is rotated at, whole MiB, 1 MiB to
	// 10 GiB. Default 100 MiB. Of Stdout nothing is rotated.
	MaxSize int64
	// MaxBackups is how many rotated files are kept, 1 to 1,000. Default 10.
	MaxBackups int
	// MaxAge is how many days they are kept, 1 to 3,650. Default: until MaxBackups.
	MaxAge int
	// Compress is how they are compressed. Default [CompressNone].
	Compress Compress
}

// Compress is how rotated files are compressed.
type Compress string

// The ways of compressing.
const (
	CompressNone Compress = "none"
	CompressGzip Compress = "gzip"
	CompressZstd Compress = "zstd"
)

// Bounds of a [Config].
const (
	MinSize    = 1 << 20
	MaxSize    = 10 << 30
	MaxBackups = 1000
	MaxAge     = 3650

	// DefaultSize and DefaultBackups stand for zero.
	DefaultSize    = 100 << 20
	DefaultBackups = 10
)

func (c *Config) setDefaults() {
	if c.MaxSize == 0 {
		c.MaxSize = DefaultSize
	}
	if c.MaxBackups == 0 {
		c.MaxBackups = DefaultBackups
	}
	if c.Compress == "" {
		c.Compress = CompressNone
	}
}

// Check says why lines can't be written where the configuration has them. It
// writes nothing.
func (c *Config) Check() error {
	if c.File == "" || c.File == Stdout {
		return nil
	}
	info, err := os.Stat(c.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checkDir(filepath.Dir(c.File))
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is %s: want a file, or %s", c.File, kindOf(info), Stdout)
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no directory %s", dir)
	}
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is no directory", dir)
	}
	return err
}

func kindOf(info fs.FileInfo) string {
	if info.IsDir() {
		return "a directory"
	}
	return "no regular file"
}
