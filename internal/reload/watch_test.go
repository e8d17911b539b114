package reload

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fsnotify/fsnotify"

	"github.com/redirectd/redirectd/internal/policy"
)

// TestChanges: however a new policy comes into its place, it is found; and so is
// the one after it, since the place may be another one by then.
func TestChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		set    func(t *testing.T, dir string) (file string)
		change func(t *testing.T, dir, content string)
	}{
		{"written in place", inDir, func(t *testing.T, dir, content string) {
			t.Helper()
			write(t, filepath.Join(dir, "policy.yaml"), content)
		}},
		{"renamed into its place", inDir, func(t *testing.T, dir, content string) {
			t.Helper()
			replace(t, filepath.Join(dir, "policy.yaml"), content)
		}},
		{"removed and written anew", inDir, func(t *testing.T, dir, content string) {
			t.Helper()
			must(t, os.Remove(filepath.Join(dir, "policy.yaml")))
			write(t, filepath.Join(dir, "policy.yaml"), content)
		}},
		{"backed up and written anew", inDir, func(t *testing.T, dir, content string) { // as vim does
			t.Helper()
			must(t, os.Rename(filepath.Join(dir, "policy.yaml"), filepath.Join(dir, "policy.yaml~")))
			write(t, filepath.Join(dir, "policy.yaml"), content)
		}},
		{"directory swapped", inDir, func(t *testing.T, dir, content string) {
			t.Helper()
			must(t, os.Mkdir(dir+".new", 0o700))
			write(t, filepath.Join(dir+".new", "policy.yaml"), content)
			must(t, os.Rename(dir, dir+".old"))
			must(t, os.Rename(dir+".new", dir))
			must(t, os.RemoveAll(dir+".old"))
		}},
		{"directory removed and made anew", inDir, func(t *testing.T, dir, content string) {
			t.Helper()
			must(t, os.RemoveAll(dir))
			must(t, os.Mkdir(dir, 0o700))
			write(t, filepath.Join(dir, "policy.yaml"), content)
		}},
		{"link to another file", func(t *testing.T, dir string) string {
			t.Helper()
			write(t, filepath.Join(dir, "first.yaml"), mapping(480))
			must(t, os.Symlink(filepath.Join(dir, "first.yaml"), filepath.Join(dir, "policy.yaml")))
			return filepath.Join(dir, "policy.yaml")
		}, func(t *testing.T, dir, content string) {
			t.Helper()
			elsewhere := write(t, filepath.Join(t.TempDir(), "other.yaml"), content)
			must(t, os.Symlink(elsewhere, filepath.Join(dir, "link")))
			must(t, os.Rename(filepath.Join(dir, "link"), filepath.Join(dir, "policy.yaml")))
		}},
		{"written where the link leads to", func(t *testing.T, dir string) string {
			t.Helper()
			must(t, os.Mkdir(filepath.Join(dir, "real"), 0o700))
			write(t, filepath.Join(dir, "real", "policy.yaml"), mapping(480))
			must(t, os.Symlink("real", filepath.Join(dir, "link")))
			return filepath.Join(dir, "link", "policy.yaml")
		}, func(t *testing.T, dir, content string) {
			t.Helper()
			replace(t, filepath.Join(dir, "real", "policy.yaml"), content)
		}},
		{"written by another name, as by a mount of a single file", func(t *testing.T, dir string) string {
			t.Helper()
			must(t, os.Mkdir(filepath.Join(dir, "host"), 0o700))
			must(t, os.Mkdir(filepath.Join(dir, "container"), 0o700))
			host := write(t, filepath.Join(dir, "host", "policy.yaml"), mapping(480))
			must(t, os.Link(host, filepath.Join(dir, "container", "policy.yaml")))
			return filepath.Join(dir, "container", "policy.yaml")
		}, func(t *testing.T, dir, content string) {
			t.Helper()
			write(t, filepath.Join(dir, "host", "policy.yaml"), content)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "etc")
			must(t, os.Mkdir(dir, 0o700))
			s := watching(t, c.set(t, dir))
			for code := 481; code < 484; code++ {
				c.change(t, dir, mapping(code))
				s.awaitCode(uint32(code))
			}
		})
	}
}

func inDir(t *testing.T, dir string) (file string) {
	t.Helper()
	return write(t, filepath.Join(dir, "policy.yaml"), mapping(480))
}

// TestConfigMap: the kubelet changes no file at all, only where ..data leads to.
func TestConfigMap(t *testing.T) {
	t.Parallel()
	m := newMount(t, mapping(480))
	s := watching(t, m.file())
	for code := 481; code < 484; code++ {
		m.update(mapping(code))
		s.awaitCode(uint32(code))
	}
	m.update(bad)
	s.awaitLog("policy.yaml:3:17: profiles[0].max_attempts: 0 is out of range (1 to 64)")
	if s.code() != 483 {
		t.Errorf("a bad policy is in use: %d", s.code())
	}
	m.update(mapping(484))
	s.awaitCode(484)
}

// TestRelativePath: as most people name their file.
func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "policy.yaml", mapping(480))
	s := watching(t, "policy.yaml")
	write(t, "policy.yaml", mapping(481))
	s.awaitCode(481)
}

// TestWrittenInSteps: what is read in the middle is not the last word.
func TestWrittenInSteps(t *testing.T) {
	t.Parallel()
	path := inDir(t, t.TempDir())
	s := watching(t, path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	must(t, err)
	defer func() { _ = f.Close() }()
	s.awaitLog("level=ERROR") // the empty file is none
	if s.code() != 480 {
		t.Errorf("an empty file is in use: %d", s.code())
	}
	_, err = f.WriteString(mapping(481)[:20])
	must(t, err)
	s.awaitLog("not YAML")
	_, err = f.WriteString(mapping(481)[20:])
	must(t, err)
	s.awaitCode(481)
	if note := s.Note(); note != "" {
		t.Errorf("it still says %s", note)
	}
}

// TestGone: a file that is gone is a bad reload, one that comes back a good one,
// also if its directory was gone with it.
func TestGone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	must(t, os.MkdirAll(dir, 0o700))
	path := inDir(t, dir)
	s := watching(t, path)
	must(t, os.RemoveAll(filepath.Dir(dir)))
	s.awaitLog(path + ": no such file or directory")
	if s.code() != 480 {
		t.Errorf("the policy of before is not in use: %d", s.code())
	}
	must(t, os.Mkdir(filepath.Dir(dir), 0o700))
	must(t, os.Mkdir(dir, 0o700))
	write(t, path, mapping(481))
	s.awaitCode(481)
}

// TestChangedBeforeWatching: between the first read and the first watch.
func TestChangedBeforeWatching(t *testing.T) {
	t.Parallel()
	path := inDir(t, t.TempDir())
	s := start(t, path)
	write(t, path, mapping(481))
	t.Cleanup(s.Watch(t.Context()))
	s.awaitCode(481)
}

// TestOtherFiles: a policy has more files than one, and not always the same.
func TestOtherFiles(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "list")
	s := withList(t, inDir(t, t.TempDir()), list)
	write(t, list, "A")
	write(t, s.file, "# list\n"+mapping(481))
	s.awaitCode(481)
	s.awaitSuffix("A")
	write(t, list, "B")
	s.awaitSuffix("B")
	must(t, os.Remove(list))
	s.awaitLog("no such file")
	write(t, list, "C")
	s.awaitSuffix("C")
}

// TestMissingFile: what a policy names for the first time may come after it, into
// the same directory.
func TestMissingFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := withList(t, inDir(t, dir), filepath.Join(dir, "list"))
	write(t, s.file, "# list\n"+mapping(481))
	s.awaitLog("no such file")
	write(t, filepath.Join(dir, "list"), "A")
	s.awaitSuffix("A")
}

// withList watches a policy that has a list, too, if its first line says so.
func withList(t *testing.T, path, list string) *subject {
	t.Helper()
	s := start(t, path)
	s.o.Load = func() (*policy.Config, error) {
		s.loads.Add(1)
		cfg, err := policy.LoadConfig(path)
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !strings.HasPrefix(string(data), "# list") {
			return cfg, nil
		}
		text, err := os.ReadFile(list)
		if err != nil {
			return nil, err
		}
		cfg.Files, cfg.Revision = append(cfg.Files, list), cfg.Revision+string(text)
		return cfg, nil
	}
	t.Cleanup(s.Watch(t.Context()))
	s.await("a first look", func() bool { return s.loads.Load() > 0 })
	return s
}

// awaitSuffix waits for a revision that ends with the content of the list.
func (s *subject) awaitSuffix(text string) {
	s.t.Helper()
	s.await("a revision with the list "+text, func() bool { return strings.HasSuffix(s.Live().Info().GetConfigRevision(), text) })
}

// TestBusyDirectory: what happens to other files is nothing to read a policy
// for, unless the policy is bad: then one of them may be what is missing.
func TestBusyDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := newWatcher(start(t, inDir(t, dir)).o.Logger)
	must(t, err)
	defer w.close()
	w.follow([]string{filepath.Join(dir, "policy.yaml")})
	never, always := func() bool { return false }, func() bool { return true }
	for _, c := range []struct {
		event fsnotify.Event
		wide  func() bool
		want  bool
	}{
		{fsnotify.Event{Name: filepath.Join(dir, "policy.yaml"), Op: fsnotify.Write}, never, true},
		{fsnotify.Event{Name: dir, Op: fsnotify.Rename}, never, true},
		{fsnotify.Event{Name: filepath.Join(dir, "sipedge.log"), Op: fsnotify.Write}, never, false},
		{fsnotify.Event{Name: filepath.Join(dir, "sipedge.log"), Op: fsnotify.Write}, always, true},
		{fsnotify.Event{}, always, false},
	} {
		if got := w.concerns(c.event, c.wide); got != c.want {
			t.Errorf("%s: %v, want %v", c.event, got, c.want)
		}
	}
}

// TestNeverQuiet: somebody who does not stop to write keeps no policy out.
func TestNeverQuiet(t *testing.T) {
	t.Parallel()
	path := inDir(t, t.TempDir())
	s := watching(t, path)
	s.await("a policy while the file is written all the time", func() bool {
		write(t, path, mapping(481))
		return s.code() == 481
	})
}

func TestTrail(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	m := &mount{t: t, dir: dir}
	m.update("")
	must(t, os.Symlink("..data/policy.yaml", m.file()))
	must(t, os.Symlink("loop", filepath.Join(dir, "loop")))
	must(t, os.Symlink(dir+"/", filepath.Join(dir, "self")))
	must(t, os.Symlink("..2026_01_02_03_04_05.1/../self", filepath.Join(dir, "around")))
	for path, want := range map[string][]string{
		"policy.yaml":              {"policy.yaml", "..data", "..2026_01_02_03_04_05.1/policy.yaml"},
		"..data/policy.yaml":       {"..data", "..2026_01_02_03_04_05.1/policy.yaml"},
		"self/nothing":             {"self", "nothing"},
		"self/nothing/policy.yaml": {"self", "nothing"},
		"around/./policy.yaml":     {"around", "self", "policy.yaml", "..data", "..2026_01_02_03_04_05.1/policy.yaml"},
		"..data/../policy.yaml":    {"..data", "policy.yaml", "..data", "..2026_01_02_03_04_05.1/policy.yaml"},
	} {
		var full []string
		for _, entry := range want {
			full = append(full, filepath.Join(dir, entry))
		}
		if got := trail(dir + "/" + path); !slices.Equal(got, full) {
			t.Errorf("%s: %q, want %q", path, got, full)
		}
	}
	if got := trail(dir + "/loop/policy.yaml"); len(got) != maxLinks+1 {
		t.Errorf("a link to itself: %d entries", len(got))
	}
	if got := trail("/"); got != nil {
		t.Errorf("the root: %q", got)
	}
}

// TestListThatComesLater: a policy that names a list before it is there is loaded
// when it is, wherever that is.
func TestListThatComesLater(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	file := write(t, filepath.Join(dir, "policy.yaml"), mapping(480))
	s := watching(t, file)
	list := filepath.Join(elsewhere, "premium.txt")
	replace(t, file, "lists: [{name: premium, type: prefixes, file: "+list+"}]\n"+mapping(404))
	s.awaitLog("policy not reloaded")
	replace(t, list, "+19x\n") // not good yet
	s.awaitLog("premium.txt:1")
	replace(t, list, "+1900\n")
	s.awaitCode(404)
}
