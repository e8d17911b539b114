package edge

import "time"

// validatePolicies says what is wrong with the policies that stand beside the
// first.
func (c *Config) validatePolicies(w *mistakes) {
	p := &c.Policy
	timeout := p.Timeout
	orDefault(&timeout, defaultPolicyTimeout)
	if s := p.Shadow; s != nil {
		c.validateSecond(w, "policy.shadow", s.Target)
		if s.File != "" && s.File == c.Records.File {
			w.addf("policy.shadow.file: call records go to %s; leave this key out, and these go there, too", s.File)
		}
	}
	if s := p.Canary; s != nil {
		c.validateSecond(w, "policy.canary", s.Target)
		limit := s.Timeout
		orDefault(&limit, timeout/2)
		if s.Timeout >= timeout {
			w.addf("policy.canary.timeout: %s leaves no time to ask the first policy: want less than policy.timeout, %s", s.Timeout, timeout)
		} else if s.MaxLatency >= limit {
			w.addf("policy.canary.max_latency: %s is never exceeded: after %s there is no answer any more (policy.canary.timeout)", s.MaxLatency, limit.Round(time.Microsecond))
		}
	}
}

func (c *Config) validateSecond(w *mistakes, key, target string) {
	if target == c.Policy.Target || IsEmbedded(target) && IsEmbedded(c.Policy.Target) {
		w.addf("%s.target: %s is the first policy itself (policy.target)", key, target)
	}
}
