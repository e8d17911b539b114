package policyrpc_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

func TestMetricsCountTries(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	r := serve(t, listen(t, "tcp", "127.0.0.1:0"))
	dial(t, r.address, policyrpc.ClientOptions{Registerer: registry})
	client := dial(t, r.address, policyrpc.ClientOptions{Registerer: registry}) // shares the metrics
	if _, err := ask(t, client, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	r.fail(status.Error(codes.Unavailable, "full"))
	if _, err := ask(t, client, 5*time.Second); err == nil {
		t.Fatal("no error")
	}
	if first, failed := counter(t, registry, "sipedge_policy_tries_total", "first"), counter(t, registry, "sipedge_policy_tries_total", "failed"); first != 2 || failed != 2 {
		t.Errorf("first %g, failed %g; want 2 and 2", first, failed)
	}
	if ok, unavailable := counter(t, registry, "grpc_client_handled_total", "OK"), counter(t, registry, "grpc_client_handled_total", "Unavailable"); ok != 1 || unavailable != 3 {
		t.Errorf("OK %g, Unavailable %g; want 1 and 3", ok, unavailable)
	}
}

func TestMetricsOfAnotherKindAreAnError(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "sipedge_policy_tries_total", Help: "something else"}))
	if _, err := policyrpc.Dial("127.0.0.1:1", policyrpc.ClientOptions{Registerer: registry}); err == nil {
		t.Error("no error for a name that is taken")
	}
}

// counter gives the value of the counter of that name with that label value.
func counter(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			for _, pair := range metric.GetLabel() {
				if pair.GetValue() == label {
					return metric.GetCounter().GetValue()
				}
			}
		}
	}
	return 0
}
