package reload

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is how many symbolic links one path may lead over, as in Linux.
const maxLinks = 40

// trail returns the directory entries that decide what a path leads to: each
// symbolic link on the way, and last the file itself, or the first entry that is
// missing. Their directories are without symbolic links. A ConfigMap has three:
// policy.yaml, which is a link into ..data, which is a link to a directory with
// the date in its name, and policy.yaml there.
func trail(path string) (entries []string) {
	dir, rest := string(filepath.Separator), components(path)
	if !filepath.IsAbs(path) {
		wd, err := os.Getwd()
		if err != nil {
			return nil // nothing can be opened either
		}
		rest = append(components(wd), rest...)
	}
	for links := 0; len(rest) > 0; {
		entry := filepath.Join(dir, rest[0])
		rest = rest[1:]
		info, err := os.Lstat(entry)
		switch {
		case err != nil:
			return append(entries, entry)
		case info.Mode()&fs.ModeSymlink != 0:
			entries = append(entries, entry)
			target, err := os.Readlink(entry)
			if links++; err != nil || links > maxLinks {
				return entries
			}
			if filepath.IsAbs(target) {
				dir = string(filepath.Separator)
			}
			rest = append(components(target), rest...)
		case len(rest) == 0:
			return append(entries, entry)
		default:
			dir = entry
		}
	}
	return entries
}

// components splits a path. It is not cleaned before: a/.. is not the same as
// nothing where a is a link.
func components(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == filepath.Separator })
}
