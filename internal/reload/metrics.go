package reload

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what a Reloader shows.
type metrics struct {
	reloads   *prometheus.CounterVec
	good, bad prometheus.Counter // of reloads
	info      info
	last      prometheus.Collector
	readAt    prometheus.Collector
}

func newMetrics(r *Reloader) *metrics {
	name := func(rest string) string { return r.o.Program + "_policy_" + rest }
	m := &metrics{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: name("reloads_total"),
			Help: "Changes of the policy file that were found, by result: good ones are in use, bad ones changed nothing.",
		}, []string{"result"}),
		info: info{r, prometheus.NewDesc(name("info"), "1, with the revision of the policy in use.", []string{"revision"}, nil)},
		last: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: name("last_reload_successful"),
			Help: "1 if the policy file was good when it was last read, 0 if the policy of before is still in use.",
		}, func() float64 {
			if r.isFailed() {
				return 0
			}
			return 1
		}),
		readAt: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: name("last_reload_success_timestamp_seconds"),
			Help: "When the policy file was last read and found good, in Unix time.",
		}, func() float64 { return float64(r.readAt.Load()) / float64(time.Second) }),
	}
	m.good, m.bad = m.reloads.WithLabelValues("good"), m.reloads.WithLabelValues("bad")
	return m
}

// Register exports the metrics. The error is about some that are there already.
func (r *Reloader) Register(registry prometheus.Registerer) error {
	for _, c := range []prometheus.Collector{r.metrics.reloads, r.metrics.info, r.metrics.last, r.metrics.readAt} {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("metrics of the policy: %w", err)
		}
	}
	return nil
}

// info shows the revision of the policy that decides at that moment, and no
// other.
type info struct {
	r    *Reloader
	desc *prometheus.Desc
}

func (i info) Describe(descs chan<- *prometheus.Desc) { descs <- i.desc }

func (i info) Collect(metrics chan<- prometheus.Metric) {
	metrics <- prometheus.MustNewConstMetric(i.desc, prometheus.GaugeValue, 1, i.r.live.Info().GetConfigRevision())
}
