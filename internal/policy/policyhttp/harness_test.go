package policyhttp_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyhttp"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// door is a server under test, on a loopback socket.
type door struct {
	*policyhttp.Server
	url      string
	address  string
	registry *prometheus.Registry
	ended    chan error // what Serve returned
}

// open serves p over HTTP until the test ends.
func open(t *testing.T, p policy.Policy, o policyhttp.Options) *door {
	t.Helper()
	d := &door{registry: prometheus.NewRegistry(), ended: make(chan error, 1)}
	o.Registerer, o.Logger = d.registry, slog.New(slog.DiscardHandler)
	rpc, err := policyrpc.NewServer(p, policy.NewBuiltin(nil).Info, policyrpc.ServerOptions{Registerer: d.registry})
	if err != nil {
		t.Fatal(err)
	}
	if d.Server, err = policyhttp.New(rpc, o); err != nil {
		t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.address = l.Addr().String()
	d.url = "http://" + d.address
	go func() { d.ended <- d.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_ = d.Drain(ctx) // some tests have ended it, or hang on purpose
	})
	return d
}

// reply is a response, read to its end.
type reply struct {
	*http.Response
	body string
}

// next posts a question to /v1/next.
func (d *door) next(t *testing.T, contentType, body string, headers ...string) reply {
	t.Helper()
	return d.send(t, http.MethodPost, "/v1/next", contentType, body, headers...)
}

func (d *door) send(t *testing.T, method, path, contentType, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{resp, string(b)}
}

// value is that of a metric, the labels in the order of their names.
func (d *door) value(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := d.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var have []string
			for _, l := range m.GetLabel() {
				have = append(have, l.GetName()+"="+l.GetValue())
			}
			if f.GetName() != name || strings.Join(have, " ") != strings.Join(labels, " ") {
				continue
			}
			if h := m.GetHistogram(); h != nil {
				return float64(h.GetSampleCount())
			}
			return m.GetCounter().GetValue()
		}
	}
	return -1
}
