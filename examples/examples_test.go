// Package examples_test runs every example as its README says, on loopback: its
// own tests, the conformance suite, and a real call that sipedge routes by it.
package examples_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/redirectd/redirectd/internal/proctest"
)

func TestMain(m *testing.M) { proctest.Main(m) }

// example is one directory beside this file.
type example struct {
	dir string
	// needs are programs, and the packages of Debian that have them.
	needs [][2]string
	// inPlace says that it is built where it is, as a part of this module.
	inPlace bool
}

var all = []example{
	{dir: "go", inPlace: true},
	{dir: "python", needs: [][2]string{
		{"/usr/bin/python3 -c 'import grpc'", "python3-grpcio"},
		{"command -v protoc grpc_python_plugin", "protobuf-compiler-grpc"},
		{"test -f /usr/include/google/protobuf/timestamp.proto", "libprotobuf-dev"},
	}},
	{dir: "typescript", needs: [][2]string{
		{"node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'", "nodejs"},
		{"command -v npm", "npm"},
	}},
	{dir: "cpp", needs: [][2]string{
		{"command -v g++ make", "g++ make"},
		{"command -v protoc grpc_cpp_plugin", "protobuf-compiler-grpc"},
		{"test -f /usr/include/google/protobuf/timestamp.proto", "libprotobuf-dev"},
		{"test -f /usr/include/grpcpp/grpcpp.h", "libgrpc++-dev"},
	}},
}

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, e := range all {
		t.Run(e.dir, func(t *testing.T) {
			t.Parallel()
			e.checkNeeds(t)
			command := e.build(t)
			t.Run("its own tests", command.test)
			t.Run("conformance", func(t *testing.T) {
				t.Parallel()
				conform(t, command.start(t, "../routes.csv"), command.start(t, "../routes.csv"))
			})
			t.Run("a call", func(t *testing.T) {
				t.Parallel()
				checkCall(t, command)
			})
			t.Run("it ends", func(t *testing.T) {
				t.Parallel()
				checkEnd(t, command)
			})
			t.Run("broken routes", func(t *testing.T) {
				t.Parallel()
				checkBroken(t, command)
			})
		})
	}
}

// checkEnd: at SIGTERM it says that it is not serving to whoever watches its health,
// as an edge does, and ends cleanly.
func checkEnd(t *testing.T, c *command) {
	t.Helper()
	p := c.run(t, "--routes", "../routes.csv", "--listen", "127.0.0.1:0")
	ctx, cancel := context.WithTimeout(t.Context(), proctest.Timeout)
	defer cancel()
	watch, err := healthv1.NewHealthClient(connect(t, p.Value("listening", "addr"))).Watch(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if now, err := watch.Recv(); err != nil || now.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Fatalf("its health: %v, %v", now, err)
	}
	p.Signal(syscall.SIGTERM)
	if now, err := watch.Recv(); err != nil || now.GetStatus() != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("its health after SIGTERM: %v, %v", now, err)
	}
	if code := p.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
}

// checkBroken: a mistake in the routes is said with its line, and nothing is served.
func checkBroken(t *testing.T, c *command) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "routes.csv")
	if err := os.WriteFile(file, []byte("# prefix, gateway, price\n49, sip:gw.example, free\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := c.run(t, "--routes", file, "--listen", "127.0.0.1:0")
	want := file + `:2: price "free" is not allowed; want a decimal number such as 0.0123`
	if code := p.ExitCode(); code != 1 || !strings.Contains(p.Stderr(), want) {
		t.Errorf("exit code %d, %s", code, p.Stderr())
	}
	p = c.run(t, "--routes", file+".missing")
	if code := p.ExitCode(); code != 1 || !strings.Contains(p.Stderr(), file+".missing") {
		t.Errorf("without a file: exit code %d, %s", code, p.Stderr())
	}
}
