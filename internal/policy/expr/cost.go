package expr

import (
	"fmt"

	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// estimate refuses an expression that is too much work for a decision, and
// marks one that may be, so that it is watched.
func (p *program) estimate() error {
	est, err := p.env.env.EstimateCost(p.checked, sizes{})
	if err != nil {
		return p.failed("what it costs cannot be estimated: " + plain(err.Error()))
	}
	if est.Max > maxEstimate {
		return p.failed(fmt.Sprintf("this is too much work for a decision: up to %s steps, and %d are the limit; loops in loops, and texts that grow in them, multiply", steps(est.Max), maxEstimate))
	}
	p.costly = est.Max > maxCost
	return nil
}

func steps(n uint64) string {
	if n >= 1<<50 {
		return "countless"
	}
	return fmt.Sprint(n)
}

// sizes knows the bounds of the contract and what our functions cost. It is a
// cost.Estimator and a cost.ActualCostEstimator.
type sizes struct{}

// usualSizes are what values of a kind have at most, as a rule.
var usualSizes = map[types.Kind]uint64{
	types.StringKind: usualText, types.BytesKind: usualText, types.StructKind: usualText,
	types.ListKind: maxItems, types.MapKind: maxItems,
}

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.ComputedSize() != nil || n.Type() == nil {
		return nil
	}
	if path := n.Path(); len(path) > 0 && path[len(path)-1] == "headers" {
		return &cost.SizeEstimate{Max: maxHeaders}
	}
	if size, ok := usualSizes[n.Type().Kind()]; ok {
		return &cost.SizeEstimate{Max: size}
	}
	return nil
}

// EstimateCallCost implements cost.Estimator.
func (sizes) EstimateCallCost(name, _ string, _ *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	f := functionByName(name, len(args)-1)
	if f == nil {
		return nil
	}
	est := &cost.CallEstimate{CostEstimate: cost.FixedCostEstimate(f.cost)}
	if f.Name == "headers" {
		est.ResultSize = &cost.SizeEstimate{Max: maxHeaders}
	} else if size, ok := usualSizes[f.result.Kind()]; ok {
		est.ResultSize = &cost.SizeEstimate{Max: size}
	}
	return est
}

// CallCost implements cost.ActualCostEstimator.
func (sizes) CallCost(name, _ string, args []ref.Val, _ ref.Val) *uint64 {
	f := functionByName(name, len(args)-1)
	if f == nil {
		return nil
	}
	return &f.cost
}
