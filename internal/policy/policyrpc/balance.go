package policyrpc

import (
	"cmp"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
)

// balancerName names this package's balancer among grpc's.
const balancerName = "redirect_policy"

// grpc knows balancers by a name in a table of the process, to be filled at
// initialisation.
func init() {
	balancer.Register(base.NewBalancerBuilder(balancerName, pickers{}, base.Config{HealthCheck: true}))
}

// pickers makes a picker whenever the set of ready backends changes. What is to
// last longer is with the [Client], and comes with each try.
type pickers struct{}

// Build makes the picker for the backends that are ready.
func (pickers) Build(info base.PickerBuildInfo) balancer.Picker {
	if len(info.ReadySCs) == 0 {
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	p := &picker{}
	for conn := range info.ReadySCs {
		p.conns = append(p.conns, conn)
	}
	address := func(c balancer.SubConn) string { return info.ReadySCs[c].Address.Addr }
	slices.SortFunc(p.conns, func(a, b balancer.SubConn) int { return cmp.Compare(address(a), address(b)) })
	for _, conn := range p.conns {
		p.addresses = append(p.addresses, address(conn))
	}
	return p
}

// picker knows the ready backends, in the order of their addresses.
type picker struct {
	conns     []balancer.SubConn
	addresses []string
	turn      atomic.Uint32 // for RPCs that are no try of a decision
}

// Pick lets the try of a decision choose; other RPCs go round.
func (p *picker) Pick(info balancer.PickInfo) (balancer.PickResult, error) {
	t, ok := info.Ctx.Value(tryKey{}).(*try)
	if !ok {
		i := p.turn.Add(1) % uint32(len(p.conns))
		return balancer.PickResult{SubConn: p.conns[i]}, nil
	}
	i, err := t.choose(p.addresses)
	if err != nil {
		return balancer.PickResult{}, err
	}
	return balancer.PickResult{SubConn: p.conns[i]}, nil
}
