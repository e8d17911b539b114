package docs_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
)

// checkInstall: what is to be installed is what CI has installed for these tests.
func checkInstall(t *testing.T, _ *page, b block) {
	t.Helper()
	packages, err := os.ReadFile("../.ci/packages")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(b.text)
	if len(words) < 3 || words[0] != "apt-get" || words[1] != "install" {
		t.Fatalf("that installs nothing: %s", b.text)
	}
	for _, name := range words[2:] {
		if !strings.Contains(string(packages), "("+name+")") {
			t.Errorf("CI does not install %s", name)
		}
	}
}

// The blocks of the page that make a call, in their order. Those that start
// something run until it is over.
var (
	stepsBefore = []string{"stubs"}
	stepsBeside = []string{"policy", "gateway", "server", "edge"}
	filesOfCall = []string{"policy.py", "redirect.xml", "call.xml"}
)

// checkPartOfCall: checkPythonPolicy makes use of it.
func checkPartOfCall(t *testing.T, p *page, b block) {
	t.Helper()
	used := slices.Concat(stepsBefore, stepsBeside, filesOfCall, []string{"conformance", "conformance output", "call", "log"})
	if !slices.Contains(used, b.name) || p.name != "write-a-policy.md" {
		t.Errorf("nothing runs the block %s of %s", b.name, p.name)
	}
}

// walk is the page in a directory of its own, with ports that are free.
type walk struct {
	page  *page
	dir   string
	ports *strings.Replacer
}

// checkPythonPolicy does what the page says: stubs, policy, and a call that it routes.
// Then it runs the conformance suite on the policy.
func checkPythonPolicy(t *testing.T, p *page, _ block) {
	t.Helper()
	w := newWalk(t, p)
	for _, name := range stepsBefore {
		if s := w.shell(t, p.find(t, name)); s.ExitCode() != 0 {
			t.Fatalf("%s: %s", name, s.Stderr())
		}
	}
	for _, name := range filesOfCall {
		w.write(t, name, w.ports.Replace(p.find(t, name)))
		if !strings.Contains(p.prose, "`my-policy/"+name+"`") {
			t.Errorf("the page does not say where to save %s", name)
		}
	}
	running := make(map[string]*proctest.Process)
	for _, name := range stepsBeside {
		line, ok := strings.CutSuffix(strings.TrimSpace(p.find(t, name)), " &")
		if !ok {
			t.Fatalf("it is not started beside the others: %s", line)
		}
		if name == "edge" { // the defaults, but for the ports, and for what a machine needs that does much else
			w.write(t, "edge.yaml", "policy: {timeout: 2s}\n")
			line += " --config my-policy/edge.yaml --listen udp://127.0.0.1:5060 --admin 127.0.0.1:0"
		}
		running[name] = w.shell(t, "exec "+line)
		w.await(t, name, running[name])
	}
	running["call"] = w.shell(t, p.find(t, "call"))
	for _, name := range []string{"call", "gateway", "server"} { // each has its one call
		if code := running[name].ExitCode(); code != 0 {
			t.Errorf("%s: exit code %d\n%s", name, code, running[name].Stdout())
		}
	}
	log := running["edge"].Await("redirected call")
	if got, want := maskCall(log), maskCall(w.ports.Replace(p.find(t, "log"))); !strings.HasSuffix(got, want) {
		t.Errorf("the edge says\n%s\nthe page says\n%s", got, want)
	}
	w.conforms(t)
	w.spoils(t, running["policy"])
}

// newWalk makes a directory that looks like the root of the repository.
func newWalk(t *testing.T, p *page) *walk {
	t.Helper()
	w := &walk{page: p, dir: t.TempDir()}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		filepath.Join(root, "proto"): "proto", proctest.Build(t, "sipedge"): "bin/sipedge", proctest.Build(t, "redirectd"): "bin/redirectd",
	} {
		if err := os.Symlink(from, filepath.Join(w.dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	var pairs []string
	for _, port := range []string{"50051", "5060", "5070", "5080", "5090"} {
		_, free, err := net.SplitHostPort(proctest.FreeAddr(t).String())
		if err != nil {
			t.Fatal(err)
		}
		for _, before := range []string{"127.0.0.1:", "-p "} {
			pairs = append(pairs, before+port, before+free)
		}
	}
	w.ports = strings.NewReplacer(pairs...)
	return w
}

func (w *walk) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "my-policy", name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shell starts commands of the page. Debian's own programs come first.
func (w *walk) shell(t *testing.T, commands string) *proctest.Process {
	t.Helper()
	return proctest.StartFile(t, "/usr/bin/env", w.dir, "PATH=/usr/bin:/bin:"+os.Getenv("PATH"), "sh", "-euc", w.ports.Replace(commands))
}

// await waits until a program of the page has started: the next one may ask it.
func (w *walk) await(t *testing.T, name string, p *proctest.Process) {
	t.Helper()
	switch name {
	case "policy":
		addr := w.ports.Replace("127.0.0.1:50051")
		proctest.Eventually(t, "the policy listens", func() bool {
			conn, err := net.DialTimeout("tcp", addr, time.Second)
			return err == nil && conn.Close() == nil
		})
	case "gateway":
		w.awaitUDP(t, "5080")
	case "server":
		w.awaitUDP(t, "5070")
	default:
		p.Await("msg=listening")
	}
}

// awaitUDP waits until somebody has a port, as the system's own table says: to try it
// could keep the program from it.
func (w *walk) awaitUDP(t *testing.T, port string) {
	t.Helper()
	_, free, _ := strings.Cut(w.ports.Replace("127.0.0.1:"+port), ":")
	number, err := strconv.ParseUint(free, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	local := fmt.Sprintf(" 0100007F:%04X ", number)
	proctest.Eventually(t, "somebody listens at port "+free, func() bool {
		table, err := os.ReadFile("/proc/net/udp")
		return err == nil && strings.Contains(string(table), local)
	})
}

// maskCall hides what is another one in each call.
func maskCall(line string) string {
	for pattern, with := range map[string]string{
		`call_id=\S+`: "call_id=ID", `in [0-9.]+[µm]?s`: "in TIME", `duration=\S+`: "duration=TIME",
	} {
		line = regexp.MustCompile(pattern).ReplaceAllString(line, with)
	}
	return strings.TrimSpace(line)
}

var passed = regexp.MustCompile(`\d+ passed`)

// conforms runs the conformance suite on the policy of the page.
func (w *walk) conforms(t *testing.T) {
	t.Helper()
	line := strings.Replace(w.page.find(t, "conformance"), " conformance ", " conformance --timeout 20s ", 1) // the machine does much else
	s := w.shell(t, line)
	got, want := s.ExitCode(), w.page.find(t, "conformance output")
	if text := s.Stdout(); got != 0 || passed.ReplaceAllString(text, "") != passed.ReplaceAllString(want, "") {
		t.Errorf("exit code %d, it prints\n%s%s\nthe page says\n%s", got, text, s.Stderr(), want)
	}
}

// spoils does to the policy what the page suggests, and sees what the suite says.
func (w *walk) spoils(t *testing.T, running *proctest.Process) {
	t.Helper()
	const condition = " and not spent"
	source := w.page.find(t, "policy.py")
	if strings.Count(source, condition) != 1 || !strings.Contains(w.page.prose, "`"+condition+"`") {
		t.Fatalf("the page does not leave out %s", condition)
	}
	w.write(t, "policy.py", w.ports.Replace(strings.Replace(source, condition, "", 1)))
	running.Signal(syscall.SIGKILL)
	running.ExitCode()
	w.await(t, "policy", w.shell(t, "exec "+strings.TrimSuffix(strings.TrimSpace(w.page.find(t, "policy")), " &")))
	if s := w.shell(t, "bin/redirectd conformance --only sanity 127.0.0.1:50051"); s.ExitCode() != 1 || !strings.Contains(s.Stdout(), "FAIL  sanity/ends: ") {
		t.Errorf("it says %s%s", s.Stdout(), s.Stderr())
	}
}
