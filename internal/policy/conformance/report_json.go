package conformance

import (
	"encoding/json"
	"io"

	"google.golang.org/protobuf/encoding/protojson"
)

// maxListed is how many failures of one case a report for machines has.
const maxListed = 100

type jsonReport struct {
	Policy   json.RawMessage `json:"policy,omitempty"` // a GetPolicyInfoResponse
	Conforms bool            `json:"conforms"`
	Results  []jsonResult    `json:"results"`
}

type jsonResult struct {
	Name     string        `json:"name"`
	Status   Status        `json:"status"`
	Should   bool          `json:"should"`
	Demand   string        `json:"demand"`
	Contract string        `json:"contract"`
	Change   string        `json:"change"`
	Skipped  string        `json:"skipped,omitempty"`
	Seconds  float64       `json:"seconds"`
	Failed   int           `json:"failed"` // how many failures there were
	Failures []jsonFailure `json:"failures,omitempty"`
}

type jsonFailure struct {
	Asked string `json:"asked"`
	Came  string `json:"came"`
}

// WriteJSON writes a report as one JSON object, indented.
func (r *Report) WriteJSON(w io.Writer) error {
	out := jsonReport{Conforms: r.Conforms(), Results: []jsonResult{}}
	if r.Policy != nil {
		data, err := protojson.Marshal(r.Policy)
		if err != nil {
			return err
		}
		out.Policy = data
	}
	for _, result := range r.Results {
		c := result.Case
		j := jsonResult{
			Name: c.Name, Status: result.Status, Should: c.Should, Demand: c.Demand, Contract: c.Contract, Change: c.Change,
			Skipped: result.Skipped, Seconds: result.Took.Seconds(), Failed: len(result.Failures),
		}
		for _, f := range result.Failures[:min(maxListed, len(result.Failures))] {
			j.Failures = append(j.Failures, jsonFailure(f))
		}
		out.Results = append(out.Results, j)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(out)
}
