// Package version says which version of the program this is.
package version

import (
	"runtime/debug"
	"strings"
	"sync"
)

// Set is the version that the build gives by
// -ldflags "-X github.com/redirectd/redirectd/internal/version.Set=v1.2.3".
var Set string

var fromBuild = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return describe(info)
})

// String returns the version: the one set by the build, else the module's own
// ("v1.2.3", by go install), else the commit ("devel-1a2b3c4d5e6f", with "+dirty"
// if files differed from it), else "devel".
func String() string {
	if Set != "" {
		return Set
	}
	return fromBuild()
}

func describe(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	text, dirty := "devel", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			text = "devel-" + s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+dirty"
			}
		}
	}
	if !strings.Contains(text, "-") {
		return text
	}
	return text + dirty
}
