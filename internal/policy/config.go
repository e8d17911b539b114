package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

const (
	maxProfiles    = 1024
	maxProfileName = 64 // bytes

	// DefaultProfile is the name of the profile for a call that names none.
	DefaultProfile = "default"
)

// Config is the configuration of the built-in policy.
type Config struct {
	// Profiles in the order of the file, 1 to 1024, names unique.
	Profiles []Profile
	// Revision identifies the content: the first 12 digits of the SHA-256 of the
	// file, as sha256sum prints them if it names no other, and of those that it names
	// one after the other, each with its length; "built-in" for [DefaultConfig].
	Revision string
	// Files are all that it was read from, the policy file first. Whoever waits
	// for changes has to watch these.
	Files []string
	// Warnings are what is no mistake but hardly meant, such as a rule that no
	// contact can reach.
	Warnings []strictyaml.Problem
}

// DefaultConfig returns what holds without a file: one profile, "default", of
// the preset rfc3261.
func DefaultConfig() *Config {
	return &Config{Profiles: []Profile{rfc3261(DefaultProfile)}, Revision: "built-in"}
}

// LoadConfig reads a configuration from a file. The error names every problem
// in it, one per line, as file:line:column: key: what is wrong.
func LoadConfig(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	// One byte more than is allowed tells a file that is too long.
	data, err := io.ReadAll(io.LimitReader(file, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	cfg, err := ParseConfig(path, data)
	if err != nil {
		return nil, err
	}
	cfg.Files = append([]string{path}, cfg.Files...)
	return cfg, nil
}

// ParseConfig reads a configuration; file is its name in problems, and list files
// are looked for beside it.
func ParseConfig(file string, data []byte) (*Config, error) {
	doc := strictyaml.Read(file, data)
	r := newReader(file)
	_, _ = r.content.Write(data) // a hash takes everything
	r.read(doc)
	if err := doc.Err(); err != nil {
		return nil, &ListsError{Files: r.cfg.Files, err: err}
	}
	r.cfg.Revision = hex.EncodeToString(r.content.Sum(nil)[:6])
	r.cfg.Warnings = doc.Warnings()
	return r.cfg, nil
}

func newReader(file string) *reader {
	return &reader{cfg: &Config{}, file: file, content: sha256.New(), lists: make(map[string]*expr.List)}
}

// read reads what [Schema] describes.
func (r *reader) read(doc *strictyaml.Document) {
	root := doc.Root()
	r.readLists(root)
	if root.Require("profiles") {
		r.readProfiles(root, doc)
	}
	root.Done()
}

func (r *reader) readProfiles(root *strictyaml.Map, doc *strictyaml.Document) {
	maps := root.Maps("profiles")
	switch {
	case len(maps) == 0 && doc.Err() == nil:
		root.Failf("profiles", "the list is empty; want at least one profile, such as {name: default}")
	case len(maps) > maxProfiles:
		root.Failf("profiles", "%d profiles are more than %d", len(maps), maxProfiles)
		maps = maps[:maxProfiles]
	}
	seen := make(map[string]bool, len(maps))
	for _, m := range maps {
		p := r.readProfile(m)
		if p.Name != "" && seen[p.Name] {
			m.Failf("name", "there is another profile %q before this one; names are unique", p.Name)
		}
		seen[p.Name] = true
		r.cfg.Profiles = append(r.cfg.Profiles, p)
	}
}
