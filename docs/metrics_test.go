package docs_test

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/canary"
	"github.com/redirectd/redirectd/internal/policy/policyhttp"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/policy/shadow"
	"github.com/redirectd/redirectd/internal/reload"
)

// recorder is a registry that only notes what is registered: /metrics does not
// show a metric with labels before it was counted once.
type recorder map[string][]string // labels by name

var (
	description = regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{(.*)\}\}$`)
	documented  = regexp.MustCompile(`\b((?:sipedge|redirectd)_[a-z_]+)(?:\{([a-z_,]+)\})?`)
)

func (r recorder) Register(c prometheus.Collector) error {
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		c.Describe(descs)
	}()
	for d := range descs {
		if m := description.FindStringSubmatch(d.String()); m != nil {
			r[m[1]] = strings.Split(m[2], ",")
		}
	}
	return nil
}

func (r recorder) MustRegister(all ...prometheus.Collector) {
	for _, c := range all {
		_ = r.Register(c) // never fails
	}
}

func (recorder) Unregister(prometheus.Collector) bool { return false }

// exported are the metrics of both programs.
func exported(t *testing.T) recorder {
	t.Helper()
	r, builtin := make(recorder), policy.NewBuiltin(nil)
	var config edge.Config
	if err := config.SetListen([]string{"udp://127.0.0.1:0"}); err != nil {
		t.Fatal(err)
	}
	e, err := edge.Start(edge.Options{Config: config, Embedded: builtin, Registerer: r})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, program := range []string{"redirectd", "sipedge"} {
		if err := reload.New(policy.DefaultConfig(), reload.Options{Program: program}).Register(r); err != nil {
			t.Fatal(err)
		}
	}
	records, err := callrecord.Open(callrecord.Config{Config: linelog.Config{File: linelog.Stdout}}, callrecord.Options{Stdout: io.Discard, Registerer: r})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = records.Close(t.Context()) }() // it has none
	disagreements, err := callrecord.Open(callrecord.Config{Config: linelog.Config{File: linelog.Stdout}}, callrecord.Options{
		Stdout: io.Discard, Registerer: r, Metrics: "sipedge_policy_shadow_records",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = disagreements.Close(t.Context()) }() // it has none
	canary.New(canary.Options{Registerer: r})
	shadow.New(shadow.Options{Registerer: r}).Close(t.Context())
	for _, program := range []string{"redirectd", "sipedge"} {
		recorder, err := record.Open(record.Config{Config: linelog.Config{File: linelog.Stdout}}, record.Options{Program: program, Stdout: io.Discard, Registerer: r})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = recorder.Close(t.Context()) }() // it has none
	}
	client, err := policyrpc.Dial("127.0.0.1:1", policyrpc.ClientOptions{Registerer: r})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	rpc, err := policyrpc.NewServer(builtin, builtin.Info, policyrpc.ServerOptions{Registerer: r})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policyhttp.New(rpc, policyhttp.Options{Registerer: r}); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMetricsExist: what the text names is exported, with those labels.
func TestMetricsExist(t *testing.T) {
	t.Parallel()
	r, found := exported(t), 0
	for _, p := range pages(t) {
		for _, m := range documented.FindAllStringSubmatch(p.prose, -1) {
			found++
			labels, ok := r[m[1]]
			if !ok {
				t.Errorf("%s: no program exports %s", p.name, m[1])
				continue
			}
			for label := range strings.SplitSeq(m[2], ",") {
				if label != "" && !slices.Contains(labels, label) {
					t.Errorf("%s: %s has no label %s; it has %s", p.name, m[1], label, labels)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d names were found", found)
	}
}

// TestPanicsAreDocumented: of all metrics these are the ones to alert on.
func TestPanicsAreDocumented(t *testing.T) {
	t.Parallel()
	operating := pageOf(t, "operating.md")
	for name := range exported(t) {
		if strings.HasSuffix(name, "_panics_total") && !strings.Contains(operating.prose, name) {
			t.Errorf("%s does not name %s", operating.name, name)
		}
	}
}
