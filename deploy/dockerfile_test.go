package deploy_test

import (
	"bytes"
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// dockerfile gives the instructions of the Dockerfile, one a line.
func dockerfile(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(data), "\\\n", "")
}

var buildLine = regexp.MustCompile(`(?m)^RUN (.*go build .*-o )/out/ (.*)$`)

// The binaries go into an image that has no C library: they are built here as
// the Dockerfile builds them, by its own command.
func TestBinariesAreStatic(t *testing.T) {
	t.Parallel()
	build := buildLine.FindStringSubmatch(dockerfile(t))
	if build == nil {
		t.Fatal("the Dockerfile has no line RUN ... go build ... -o /out/ ...")
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-ec", build[1]+`"$OUT/" `+build[2])
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS=linux", "VERSION=v0.0.0-of-this-test", "OUT="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", build[0], err, out)
	}
	for name, d := range read(t).deployments {
		checkStatic(t, filepath.Join(dir, name))
		checkFlags(t, filepath.Join(dir, name), d.Spec.Template.Spec.Containers[0].Args)
	}
}

// checkFlags asks the program whether it knows what its manifest gives it.
func checkFlags(t *testing.T, path string, args []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	help, err := exec.CommandContext(ctx, path, "serve", "--help").CombinedOutput()
	if err != nil {
		t.Fatalf("%s serve --help: %v\n%s", path, err, help)
	}
	for _, arg := range args {
		if flag, _, _ := strings.Cut(arg, "="); !bytes.Contains(help, []byte(" "+flag+" ")) {
			t.Errorf("%s knows no %s", path, flag)
		}
	}
}

func checkStatic(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("%s has %s: it is not static", path, p.Type)
		}
	}
	if !bytes.Contains(data, []byte("v0.0.0-of-this-test")) {
		t.Errorf("%s does not know the version that it was built with", path)
	}
}

func TestImagesAreEmptyButForTheProgram(t *testing.T) {
	t.Parallel()
	file := dockerfile(t)
	for _, line := range []string{
		"FROM scratch AS base",
		"USER 65532:65532",
		"FROM base AS redirectd",
		"FROM base AS sipedge",
		`ENTRYPOINT ["/redirectd"]`,
		`ENTRYPOINT ["/sipedge"]`,
		"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/",
	} {
		if !slices.Contains(strings.Split(file, "\n"), line) {
			t.Errorf("the Dockerfile has no line %q", line)
		}
	}
	// The images run as who the manifests say, and show the ports they name.
	for name, d := range read(t).deployments {
		if uid := *d.Spec.Template.Spec.SecurityContext.RunAsUser; uid != 65532 {
			t.Errorf("%s runs as %d in its manifest", name, uid)
		}
		_, stage, _ := strings.Cut(file, "FROM base AS "+name)
		for _, p := range d.Spec.Template.Spec.Containers[0].Ports {
			port := strconv.Itoa(int(p.ContainerPort)) + "/" + strings.ToLower(string(p.Protocol))
			if expose := regexp.MustCompile(`EXPOSE .*`).FindString(stage); !strings.Contains(expose+" ", " "+port+" ") {
				t.Errorf("%s: %q lacks %s", name, expose, port)
			}
		}
	}
}

// portOf gives the port of that name of a container.
func portOf(t *testing.T, c *corev1.Container, name string) string {
	t.Helper()
	for _, p := range c.Ports {
		if p.Name == name {
			return strconv.Itoa(int(p.ContainerPort))
		}
	}
	t.Fatalf("%s has no port %s", c.Name, name)
	return ""
}
