package report

// The figures of the tables.

func edgeCPU(r *Result) float64     { return r.EdgeCPU }
func policyCPU(r *Result) float64   { return r.PolicyCPU }
func totalCPU(r *Result) float64    { return r.CPU() }
func pss(r *Result) float64         { return r.PSS }
func allocations(r *Result) float64 { return r.Allocations }
func collector(r *Result) float64   { return r.Collector }
func ringBytes(r *Result) float64   { return r.RingingBytes }
func highestRate(r *Result) float64 { return r.HighestRate }
func rate(r *Result) float64        { return r.DecisionRate }
func decisionCPU(r *Result) float64 { return r.DecisionCPU }

func p50(r *Result) float64 {
	if r.Probe == nil {
		return 0
	}
	return r.Probe.P50
}

func p99(r *Result) float64 {
	if r.Probe == nil {
		return 0
	}
	return r.Probe.P99
}

func p999(r *Result) float64 {
	if r.Probe == nil {
		return 0
	}
	return r.Probe.P999
}

// lost and repeated are counted over the callers, the probe and the responder.

func lost(r *Result) int {
	if r.Probe == nil {
		return r.Failed
	}
	return r.Failed + r.Probe.Calls - r.Probe.OK
}

func repeated(r *Result) int { return r.Retransmissions + r.Repeats }
