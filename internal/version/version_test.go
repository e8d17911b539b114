package version

import (
	"runtime/debug"
	"testing"
)

func TestString(t *testing.T) {
	if String() == "" {
		t.Error("no version")
	}
	Set = "v9.9.9"
	t.Cleanup(func() { Set = "" })
	if got := String(); got != "v9.9.9" {
		t.Errorf("got %q, want what the build set", got)
	}
}

func TestDescribe(t *testing.T) {
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "0123456789abcdef0123"}
	dirty := debug.BuildSetting{Key: "vcs.modified", Value: "true"}
	for _, c := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"nothing known", debug.BuildInfo{}, "devel"},
		{"module version", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		{"commit", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{commit}}, "devel-0123456789ab"},
		{"changed", debug.BuildInfo{Settings: []debug.BuildSetting{commit, dirty}}, "devel-0123456789ab+dirty"},
		{"changed from nothing", debug.BuildInfo{Settings: []debug.BuildSetting{dirty}}, "devel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := describe(&c.info); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
