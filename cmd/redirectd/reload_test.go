package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

const (
	following = "profiles: [{name: default}]\n"
	mapping   = "profiles: [{name: default, redirect: disabled, map: {302: 603}}]\n"
	badPolicy = "profiles:\n- name: default\n  max_attempts: 0\n  redirect: maybe\n"
)

func (p *process) hangUp(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// decides asks about a 302, and compares the decision and where it comes from:
// the revision in it, in GetPolicyInfo and in the metric.
func (p *process) decides(t *testing.T, want, revision string) {
	t.Helper()
	resp, err := p.decide(t, policytest.Redirected(302, "", policytest.Contact("sip:a@10.0.0.1")))
	if err != nil {
		t.Fatal(err)
	}
	if got := policytest.Summary(resp); got != want || resp.GetExplanation().GetConfigRevision() != revision {
		t.Errorf("revision %s decided %s, want %s and %s", resp.GetExplanation().GetConfigRevision(), got, revision, want)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	info, err := redirectv1.NewRedirectPolicyServiceClient(p.connect(t)).GetPolicyInfo(ctx, &redirectv1.GetPolicyInfoRequest{})
	if err != nil || info.GetConfigRevision() != revision {
		t.Errorf("GetPolicyInfo: %v, %v; want revision %s", info, err, revision)
	}
	_, body := p.get(t, "/metrics")
	if got := regexp.MustCompile(`(?m)^redirectd_policy_info.*$`).FindAllString(body, -1); len(got) != 1 || got[0] != `redirectd_policy_info{revision="`+revision+`"} 1` {
		t.Errorf("metric: %q, want revision %s", got, revision)
	}
}

func (p *process) hasMetrics(t *testing.T, lines ...string) {
	t.Helper()
	_, body := p.get(t, "/metrics")
	for _, line := range lines {
		if !strings.Contains(body, "\n"+line+"\n") {
			t.Errorf("no %s in\n%s", line, body)
		}
	}
}

// swap does to a volume what the kubelet does when its ConfigMap has changed,
// and returns the revision of the policy in it.
func swap(t *testing.T, volume, stamp, content string) (revision string) {
	t.Helper()
	link := filepath.Join(volume, "..data")
	old, _ := os.Readlink(link) // none at first
	for _, err := range []error{
		os.Mkdir(filepath.Join(volume, stamp), 0o700),
		os.WriteFile(filepath.Join(volume, stamp, "policy.yaml"), []byte(content), 0o600),
		os.Symlink(stamp, link+"_tmp"),
		os.Rename(link+"_tmp", link),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if old != "" {
		if err := os.RemoveAll(filepath.Join(volume, old)); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := policy.ParseConfig("", []byte(content))
	if err != nil {
		return ""
	}
	return cfg.Revision
}

// TestReload: a ConfigMap changes while redirectd serves, to a good policy, to a
// bad one and back.
func TestReload(t *testing.T) {
	volume := t.TempDir()
	first := swap(t, volume, "..1", following)
	file := filepath.Join(volume, "policy.yaml")
	if err := os.Symlink("..data/policy.yaml", file); err != nil {
		t.Fatal(err)
	}
	p := start(t, "--config", file)
	p.decides(t, "try sip:a@10.0.0.1; exhausted 480 if none", first)

	second := swap(t, volume, "..2", mapping)
	eventually(t, "the second policy", func() bool { return strings.Contains(p.text(), `msg="policy reloaded"`) })
	p.decides(t, "reject 603", second)
	p.hasMetrics(t, `redirectd_policy_reloads_total{result="good"} 1`, `redirectd_policy_reloads_total{result="bad"} 0`, "redirectd_policy_last_reload_successful 1")

	swap(t, volume, "..3", badPolicy)
	eventually(t, "every problem in the log", func() bool {
		return strings.Contains(p.text(), `level=ERROR msg="problem of the policy" problem="`+file+`:3:17: profiles[0].max_attempts: 0 is out of range (1 to 64)"`) &&
			strings.Contains(p.text(), `level=ERROR msg="problem of the policy" problem="`+file+`:4:13: profiles[0].redirect: `)
	})
	p.decides(t, "reject 603", second)
	p.hasMetrics(t, `redirectd_policy_reloads_total{result="bad"} 1`, "redirectd_policy_last_reload_successful 0")
	status, body := p.get(t, "/readyz")
	if !strings.HasPrefix(body, "serving on "+p.addr+"; "+file+" was not reloaded at 20") || status != 200 ||
		!strings.HasSuffix(body, file+":3:17: profiles[0].max_attempts: 0 is out of range (1 to 64) (and 1 more: see the log)\n") {
		t.Errorf("readyz: %d %q", status, body)
	}

	swap(t, volume, "..4", following)
	eventually(t, "the first policy again", func() bool { return strings.Contains(p.text(), "revision="+first+" before="+second) })
	p.decides(t, "try sip:a@10.0.0.1; exhausted 480 if none", first)
	p.hasMetrics(t, `redirectd_policy_reloads_total{result="good"} 2`, "redirectd_policy_last_reload_successful 1")
	if status, body := p.get(t, "/readyz"); status != 200 || body != "serving on "+p.addr+"\n" {
		t.Errorf("readyz: %d %q", status, body)
	}
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
}

// TestHangupReads: whoever sends SIGHUP is told what was read again, and what was
// not.
func TestHangupReads(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(following)
	p := start(t, "--config", file)
	said := func(texts ...string) {
		t.Helper()
		for _, text := range texts {
			eventually(t, text, func() bool { return strings.Contains(p.text(), text) })
		}
	}
	p.hangUp(t)
	said(`level=INFO msg="policy unchanged" file=`+file, `level=INFO msg="SIGHUP: read again" what=`+file+` needs_restart=flags`)
	write(mapping)
	p.hangUp(t)
	said(`level=INFO msg="policy reloaded" file=` + file)
	resp, err := p.decide(t, policytest.Redirected(302, "", policytest.Contact("sip:a@10.0.0.1")))
	if err != nil || resp.GetReject().GetStatus() != 603 {
		t.Errorf("decided %s, %v", resp, err)
	}
	write(badPolicy)
	p.hangUp(t)
	said(`level=ERROR msg="policy not reloaded: the one before stays in use" file=` + file + ` problems=2`)
	if code := p.end(t); code != exitGood {
		t.Errorf("exit code %d", code)
	}
}
