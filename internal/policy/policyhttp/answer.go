package policyhttp

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/redirectd/redirectd/internal/next"
)

// problem is an answer that says why there is none, as Connect does.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// pair is a value of an answer, with its name in text.
type pair struct{ name, value string }

// write writes an answer or a problem in a form.
func write(is form, v any) ([]byte, error) {
	switch is {
	case asText:
		var b strings.Builder
		for _, p := range pairs(v) {
			b.WriteString(p.name + ": " + p.value + "\n")
		}
		return []byte(b.String()), nil
	case asForm:
		values := url.Values{}
		for _, p := range pairs(v) {
			values.Add(strings.ReplaceAll(strings.ToLower(p.name), "-", "_"), p.value)
		}
		// Not all that read a form take + for a blank.
		return []byte(strings.ReplaceAll(values.Encode(), "+", "%20")), nil
	case asJSON:
	}
	b, err := json.Marshal(v)
	return append(b, '\n'), err
}

// pairs are the values of an answer that are set.
func pairs(v any) (all []pair) {
	add := func(name string, values ...string) {
		for _, value := range values {
			if value != "" {
				all = append(all, pair{name, value})
			}
		}
	}
	switch v := v.(type) {
	case *problem:
		add("Code", v.Code)
		add("Message", v.Message)
	case *next.Answer:
		add("Action", v.Action)
		add("Target", v.Target)
		add("Route", v.Routes...)
		add("Next-Hop", v.NextHop)
		if v.Onward {
			add("Onward", "true")
		}
		add("Response-Timeout-Ms", number(v.ResponseTimeoutMs))
		add("Answer-Timeout-Ms", number(v.AnswerTimeoutMs))
		add("Label", v.Label)
		add("Status", number(int64(v.Status)))
		add("Reason", v.Reason)
		add("Remove-Header", v.RemoveHeaders...)
		add("Add-Header", v.AddHeaders...)
		add("Rule", v.Rule)
		add("Why", v.Why)
		add("Token", v.Token)
	}
	return all
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
