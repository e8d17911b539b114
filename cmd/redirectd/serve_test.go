package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/redirectd/redirectd/internal/policy/policytest"
)

func TestServe(t *testing.T) {
	p := start(t, "--config", "testdata/policy.yaml", "--log-sample", "1")
	ask := policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:a@10.0.0.1"))
	resp, err := p.decide(t, ask)
	if err != nil {
		t.Fatal(err)
	}
	if got := policytest.Summary(resp); got != "try sip:a@10.0.0.1; exhausted 480 if none" {
		t.Errorf("decided %s", got)
	}
	ask.Call.Profile = "gateway"
	resp, err = p.decide(t, ask)
	if err != nil {
		t.Fatal(err)
	}
	if got := policytest.Summary(resp); got != "try sip:a@10.0.0.1; stop after ringing; exhausted 480 if none" {
		t.Errorf("decided %s", got)
	}
	if revision := p.field(t, "revision"); resp.GetExplanation().GetConfigRevision() != revision {
		t.Errorf("revision %s in the answer, %s in the log", resp.GetExplanation().GetConfigRevision(), revision)
	}
	if status, body := p.get(t, "/metrics"); status != 200 || !strings.Contains(body, `redirectd_decisions_total{action="try_targets",protocol="grpc",redirect="302"} 2`) {
		t.Errorf("metrics: %d\n%s", status, body)
	}
	if status, body := p.get(t, "/readyz"); status != 200 || body != "serving on "+p.addr+"\n" {
		t.Errorf("readyz: %d %q", status, body)
	}
	if status, _ := p.get(t, "/healthz"); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	if text := p.text(); strings.Count(text, "msg=decision") != 2 || !strings.Contains(text, "msg=draining") || !strings.HasSuffix(text, "msg=stopped\n") {
		t.Errorf("the log is\n%s", text)
	}
}

func TestServeHealthAndReflection(t *testing.T) {
	p := start(t)
	conn := p.connect(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, service := range []string{"", "redirect.v1.RedirectPolicyService"} {
		health, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{Service: service})
		if err != nil || health.GetStatus() != healthv1.HealthCheckResponse_SERVING {
			t.Errorf("health of %q: %v, %v", service, health, err)
		}
	}
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	list := &reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}
	if err := stream.Send(list); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var services []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		services = append(services, s.GetName())
	}
	if !slices.Contains(services, "redirect.v1.RedirectPolicyService") || !slices.Contains(services, "grpc.health.v1.Health") {
		t.Errorf("services %q", services)
	}
}

// TestServeDrainIsBounded: a client that holds a stream open keeps no process.
func TestServeDrainIsBounded(t *testing.T) {
	p := start(t, "--drain", "100ms")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	watch, err := healthv1.NewHealthClient(p.connect(t)).Watch(ctx, &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := watch.Recv(); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health while draining: %v, %v", got, err)
	}
	if !strings.Contains(p.text(), "msg=\"decisions cut off\"") {
		t.Errorf("the log is\n%s", p.text())
	}
}

func TestServeUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "redirectd.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false) // as a process that was killed leaves it
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--listen", "unix://"+path)
	if p.addr != "unix://"+path {
		t.Errorf("addr=%s", p.addr)
	}
	resp, err := p.decide(t, policytest.Redirected(301, "", policytest.Contact("sip:a@10.0.0.1")))
	if err != nil {
		t.Fatal(err)
	}
	if got := policytest.Summary(resp); got != "try sip:a@10.0.0.1; exhausted 410 if none" {
		t.Errorf("decided %s", got)
	}
	second := launch(t, "--listen", "unix://"+path, "--admin", "127.0.0.1:0")
	if code := second.exitCode(t); code != exitFailed || !strings.Contains(second.text(), "another process listens on "+path) {
		t.Errorf("a second process: exit code %d, %s", code, second.text())
	}
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left over: %v", err)
	}
}

func TestServeKeepsWhatIsNoSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := launch(t, "--listen", "unix://"+path, "--admin", "127.0.0.1:0")
	if code := p.exitCode(t); code != exitFailed || !strings.Contains(p.text(), path+" is there and is no socket") {
		t.Errorf("exit code %d, %s", code, p.text())
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "data" {
		t.Errorf("the file is now %q, %v", data, err)
	}
}

func TestServeAddressInUse(t *testing.T) {
	p := start(t)
	for _, flag := range []string{"--listen", "--admin"} {
		addr := map[string]string{"--listen": p.addr, "--admin": p.admin}[flag]
		second := launch(t, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", flag, addr)
		if code := second.exitCode(t); code != exitFailed || !strings.Contains(second.text(), addr+": bind: address already in use") {
			t.Errorf("%s: exit code %d, %s", flag, code, second.text())
		}
	}
}
