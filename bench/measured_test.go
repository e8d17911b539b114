package main

import (
	"strings"
	"testing"
)

func TestMetric(t *testing.T) {
	t.Parallel()
	if v, err := parseMetric(strings.NewReader("a 1\n# b x\nb_c 7\nb 2.5e+06\n"), "b"); err != nil || v != 2.5e6 {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := parseMetric(strings.NewReader("a 1\n"), "b"); err == nil {
		t.Errorf("%v", v)
	}
}
