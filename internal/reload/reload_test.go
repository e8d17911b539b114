package reload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// TestGood: a new policy is in decisions, in GetPolicyInfo, in metrics and in the
// log, and nothing of the one before is.
func TestGood(t *testing.T) {
	t.Parallel()
	s := start(t, inDir(t, t.TempDir()))
	before := s.Live().Info().GetConfigRevision()
	s.has("redirectd_policy_info", "revision="+before+" 1")
	write(t, s.file, mapping(603))
	if !s.Again() {
		t.Error("there was nothing to read")
	}
	cfg, err := policy.LoadConfig(s.file)
	must(t, err)
	resp, err := s.Live().Decide(t.Context(), policytest.Redirected(302, ""))
	must(t, err)
	if resp.GetReject().GetStatus() != 603 || resp.GetExplanation().GetConfigRevision() != cfg.Revision {
		t.Errorf("decided %s", resp)
	}
	if got := s.Live().Info().GetConfigRevision(); got != cfg.Revision || got == before {
		t.Errorf("revision %s, want %s", got, cfg.Revision)
	}
	s.has("redirectd_policy_info", "revision="+cfg.Revision+" 1")
	s.has("redirectd_policy_reloads_total", "result=bad 0", "result=good 1")
	s.has("redirectd_policy_last_reload_successful", "1")
	s.awaitLog(`level=INFO msg="policy reloaded" file=` + s.file + " profiles=1 revision=" + cfg.Revision + " before=" + before + "\n")
}

// TestBad: a policy that is not good changes nothing, and everybody is told why.
func TestBad(t *testing.T) {
	t.Parallel()
	s := start(t, inDir(t, t.TempDir()))
	before, readAt := s.Live().Info().GetConfigRevision(), s.readAt.Load()
	write(t, s.file, bad)
	s.Again()
	if s.code() != 480 || s.Live().Info().GetConfigRevision() != before {
		t.Errorf("it is in use: %d, revision %s", s.code(), s.Live().Info().GetConfigRevision())
	}
	if s.readAt.Load() != readAt {
		t.Error("the time of the last good one is another")
	}
	s.has("redirectd_policy_info", "revision="+before+" 1")
	s.has("redirectd_policy_reloads_total", "result=bad 1", "result=good 0")
	s.has("redirectd_policy_last_reload_successful", "0")
	for _, line := range []string{
		`level=ERROR msg="policy not reloaded: the one before stays in use" file=` + s.file + " problems=2 revision=" + before + "\n",
		`level=ERROR msg="problem of the policy" problem="` + s.file + `:3:17: profiles[0].max_attempts: 0 is out of range (1 to 64)"` + "\n",
		`level=ERROR msg="problem of the policy" problem="` + s.file + `:4:13: profiles[0].redirect: `,
	} {
		s.awaitLog(line)
	}
	note := regexp.MustCompile(`^` + regexp.QuoteMeta(s.file) + ` was not reloaded at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: ` +
		regexp.QuoteMeta(s.file+`:3:17: profiles[0].max_attempts: 0 is out of range (1 to 64) (and 1 more: see the log)`) + `$`)
	if !note.MatchString(s.Note()) {
		t.Errorf("/readyz says %q", s.Note())
	}

	write(t, s.file, mapping(603))
	s.Again()
	if s.code() != 603 || s.Note() != "" {
		t.Errorf("after a good one: %d, /readyz says %q", s.code(), s.Note())
	}
	s.has("redirectd_policy_reloads_total", "result=bad 1", "result=good 1")
	s.has("redirectd_policy_last_reload_successful", "1")
}

// TestBackToWhatIsInUse: whoever undoes a bad change is told that all is well.
func TestBackToWhatIsInUse(t *testing.T) {
	t.Parallel()
	s := start(t, inDir(t, t.TempDir()))
	live := s.live.Info().GetConfigRevision()
	write(t, s.file, bad)
	s.reload(false)
	write(t, s.file, mapping(480))
	s.reload(false)
	if s.Note() != "" {
		t.Errorf("/readyz says %q", s.Note())
	}
	s.has("redirectd_policy_last_reload_successful", "1")
	s.has("redirectd_policy_reloads_total", "result=bad 1", "result=good 1")
	s.awaitLog(`level=INFO msg="policy good again, and the one that is in use" file=` + s.file + " revision=" + live + "\n")
}

// TestSameContent: a file that is touched is not worth a word, unless somebody
// asked; neither is the same mistake.
func TestSameContent(t *testing.T) {
	t.Parallel()
	s := start(t, inDir(t, t.TempDir()))
	builtin := s.live
	s.reload(false)
	if got := s.log.String(); got != "" || s.live != builtin {
		t.Errorf("the log is\n%s", got)
	}
	s.Again()
	s.awaitLog(`level=INFO msg="policy unchanged" file=`)
	s.has("redirectd_policy_reloads_total", "result=bad 0", "result=good 0")
	write(t, s.file, bad)
	s.reload(false)
	said := s.log.String()
	s.reload(false)
	if s.log.String() != said {
		t.Errorf("the same is said again:\n%s", s.log)
	}
	s.has("redirectd_policy_reloads_total", "result=bad 1", "result=good 0")
	s.Again()
	if s.log.String() == said {
		t.Error("whoever asks gets no answer")
	}
}

// TestNoPolicy: mistakes that are none of the file's content.
func TestNoPolicy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want string
	}{
		{"no file", func(*testing.T, string) {}, "read the policy: open FILE: no such file or directory"},
		{"a directory", func(t *testing.T, path string) {
			t.Helper()
			must(t, os.Mkdir(path, 0o700))
		}, "FILE: it is no regular file (d---------), and only those are read again"},
		{"a pipe that nobody writes to", func(t *testing.T, path string) {
			t.Helper()
			must(t, syscall.Mkfifo(path, 0o600))
		}, "FILE: it is no regular file (p---------), and only those are read again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, inDir(t, t.TempDir()))
			must(t, os.Remove(s.file))
			c.make(t, s.file)
			s.Again()
			if want := strings.ReplaceAll(c.want, "FILE", s.file); !strings.HasSuffix(s.Note(), "Z: "+want) {
				t.Errorf("/readyz says %q, want %q", s.Note(), want)
			}
			if s.code() != 480 {
				t.Errorf("the policy of before is not in use: %d", s.code())
			}
		})
	}
}

// TestPanic: what a file does to the loader ends no program that serves.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := start(t, inDir(t, t.TempDir()))
	s.o.Load = func() (*policy.Config, error) { panic("a mistake of ours") }
	s.Again()
	s.awaitLog("value=\"a mistake of ours\"")
	if !strings.Contains(s.Note(), "please report it") || s.code() != 480 {
		t.Errorf("%d, /readyz says %q", s.code(), s.Note())
	}
}

// TestNoFile: there is nothing to read, and still a revision to show.
func TestNoFile(t *testing.T) {
	t.Parallel()
	r := New(policy.DefaultConfig(), Options{Program: "sipedge"})
	defer r.Watch(t.Context())()
	if r.Again() || r.Note() != "" {
		t.Errorf("it says %q", r.Note())
	}
	s := &subject{Reloader: r, t: t, registry: newRegistry(t, r)}
	s.has("sipedge_policy_info", "revision=built-in 1")
	if err := r.Register(s.registry); err == nil || !strings.Contains(err.Error(), "metrics of the policy: ") {
		t.Errorf("registered twice: %v", err)
	}
}

// TestStop: the watch ends with its context, and with its stop.
func TestStop(t *testing.T) {
	t.Parallel()
	s := start(t, inDir(t, t.TempDir()))
	s.Watch(t.Context())()
	ctx, cancel := context.WithCancel(t.Context())
	stop := s.Watch(ctx)
	cancel()
	stop()
	stop()
	write(t, s.file, mapping(481))
	if s.code() != 480 {
		t.Errorf("it is still watched: %d", s.code())
	}
}

// TestReloadsUnderLoad: of 200 policies each decision is made by one, whole and
// with its revision; none is lost. The policies come both ways at once.
func TestReloadsUnderLoad(t *testing.T) {
	t.Parallel()
	s := watching(t, inDir(t, t.TempDir()))
	const first, reloads = 410, 200
	codes := make(map[string]uint32) // by revision
	for code := first; code <= first+reloads; code++ {
		cfg, err := policy.ParseConfig("", []byte(mapping(code)))
		must(t, err)
		codes[cfg.Revision] = uint32(code)
	}
	done := make(chan struct{})
	var decided sync.WaitGroup
	for range 4 {
		decided.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := s.decides(codes); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for code := first + 1; code <= first+reloads; code++ {
		replace(t, s.file, mapping(code))
		s.Again()
		if got := s.code(); got != uint32(code) {
			t.Errorf("%d after the reload for %d", got, code)
		}
	}
	close(done)
	decided.Wait()
	if !strings.Contains(s.log.String(), "policy reloaded") || s.Note() != "" {
		t.Errorf("the log is\n%s", s.log)
	}
	s.has("redirectd_policy_reloads_total", "result=bad 0", fmt.Sprintf("result=good %d", reloads))
}

// decides says what is wrong with a decision, which has to be that of the
// revision that it names.
func (s *subject) decides(codes map[string]uint32) error {
	resp, err := s.Live().Decide(s.t.Context(), policytest.Redirected(302, ""))
	if err != nil {
		return err
	}
	revision, got := resp.GetExplanation().GetConfigRevision(), resp.GetReject().GetStatus()
	if want, ok := codes[revision]; !ok || got != want {
		return fmt.Errorf("revision %s decided %d, want %d", revision, got, want)
	}
	return nil
}

// TestQuestionKeepsItsPolicy: one that is being answered while the policy is
// replaced gets the answer of the one before.
func TestQuestionKeepsItsPolicy(t *testing.T) {
	t.Parallel()
	s := start(t, inDir(t, t.TempDir()))
	asked := &waiting{Context: t.Context(), entered: make(chan struct{}), leave: make(chan struct{})}
	got := make(chan error, 1)
	before := s.Live().Info().GetConfigRevision()
	go func() {
		resp, err := s.Live().Decide(asked, policytest.Redirected(302, ""))
		if err == nil && (resp.GetReject().GetStatus() != 480 || resp.GetExplanation().GetConfigRevision() != before) {
			err = errors.New("decided " + resp.String())
		}
		got <- err
	}()
	<-asked.entered
	write(t, filepath.Join(filepath.Dir(s.file), "policy.yaml"), mapping(603))
	s.Again()
	if s.code() != 603 {
		t.Fatalf("the new policy is not in use: %d", s.code())
	}
	close(asked.leave)
	if err := <-got; err != nil {
		t.Error(err)
	}
}

// waiting is a context that holds whoever looks at it, the first time.
type waiting struct {
	context.Context //nolint:containedctx // it is a context itself
	entered, leave  chan struct{}
	once            sync.Once
}

func (w *waiting) Err() error {
	w.once.Do(func() {
		close(w.entered)
		<-w.leave
	})
	return w.Context.Err()
}
