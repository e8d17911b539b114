package canary

import "github.com/prometheus/client_golang/prometheus"

// What comes of a question of the share.
const (
	resultAnswered  = "answered"
	resultTimeout   = "timeout"
	resultError     = "error"
	resultInvalid   = "invalid"
	resultCancelled = "cancelled" // the call was over
	resultFirst     = "first"     // it went to the first policy
)

type metrics struct {
	questions, left *prometheus.CounterVec
	seconds         prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, now func() state) *metrics {
	m := &metrics{
		questions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sipedge_policy_canary_questions_total",
			Help: "Questions about calls of the canary's share, by what the canary made of them; first: it was not asked, because it was left.",
		}, []string{"result"}),
		left: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sipedge_policy_canary_left_total",
			Help: "How often the canary was left, and its share returned to the first policy, by why.",
		}, []string{"reason"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sipedge_policy_canary_decision_duration_seconds", Help: "Time to a decision of the canary, or to know that there is none.",
			Buckets: []float64{1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1},
		}),
	}
	for _, result := range []string{resultAnswered, resultTimeout, resultError, resultInvalid, resultCancelled, resultFirst} {
		m.questions.WithLabelValues(result) // 0, and not unknown
	}
	for _, reason := range []string{reasonErrors, reasonLatency} {
		m.left.WithLabelValues(reason)
	}
	if r == nil {
		return m
	}
	r.MustRegister(m.questions, m.left, m.seconds, stateCollector{now})
	return m
}

// stateCollector shows the state at the time that somebody looks.
type stateCollector struct{ now func() state }

var stateDesc = prometheus.NewDesc("sipedge_policy_canary_state",
	"1 for the state that the canary is in: on, left, or in trial with a tenth of its share.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (c stateCollector) Describe(descs chan<- *prometheus.Desc) { descs <- stateDesc }

// Collect implements prometheus.Collector.
func (c stateCollector) Collect(all chan<- prometheus.Metric) {
	now := c.now()
	for _, s := range []state{stateOn, stateLeft, stateTrial} {
		value := 0.0
		if s == now {
			value = 1
		}
		all <- prometheus.MustNewConstMetric(stateDesc, prometheus.GaugeValue, value, string(s))
	}
}
