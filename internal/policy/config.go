package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

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
	// Revision identifies the content: the first 12 digits of its SHA-256, as
	// sha256sum prints them, or "built-in" for [DefaultConfig].
	Revision string
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
	return ParseConfig(path, data)
}

// ParseConfig reads a configuration; file is its name in problems.
func ParseConfig(file string, data []byte) (*Config, error) {
	doc := strictyaml.Read(file, data)
	cfg := &Config{Revision: revision(data)}
	root := doc.Root()
	if root.Require("profiles") {
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
			p := readProfile(m)
			if p.Name != "" && seen[p.Name] {
				m.Failf("name", "there is another profile %q before this one; names are unique", p.Name)
			}
			seen[p.Name] = true
			cfg.Profiles = append(cfg.Profiles, p)
		}
	}
	root.Done()
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return cfg, nil
}

func revision(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:6])
}
