package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Routes is what routes.csv says: which gateway takes which numbers, and what a
// minute costs there. It does not change, so that any number of questions may
// read it at a time.
type Routes struct {
	Revision string // of the content
	byPrefix map[string][]Route
}

// Route is one line of the file.
type Route struct {
	Gateway string  // "sip:gw.example.com:5060;transport=tcp"
	Price   float64 // per minute
	Written string  // the price as it stands in the file
	Carrier string
	Line    int
}

var fields = []struct {
	name string
	want *regexp.Regexp
	text string
}{
	{"prefix", regexp.MustCompile(`^[0-9]{1,15}$`), "1 to 15 digits"},
	{"gateway", regexp.MustCompile(`^sips?:[A-Za-z0-9.:\[\]-]{1,150}(?:;[!#-+\--;=A-~]{0,50})?$`), "sip:HOST or sips:HOST without a user"},
	{"price", regexp.MustCompile(`^[0-9]{1,6}(?:\.[0-9]{1,6})?$`), "a decimal number such as 0.0123"},
	{"carrier", regexp.MustCompile(`^[ -~]{0,64}$`), "at most 64 printable characters of ASCII"},
}

// ParseRoutes reads the text of a file of that name. An error names the line.
func ParseRoutes(name, text string) (*Routes, error) {
	sum := sha256.Sum256([]byte(text))
	r := &Routes{Revision: hex.EncodeToString(sum[:6]), byPrefix: make(map[string][]Route)}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := r.add(i+1, strings.Split(line, ",")); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	if len(r.byPrefix) == 0 {
		return nil, fmt.Errorf("%s: there is no route in it", name)
	}
	return r, nil
}

func (r *Routes) add(line int, values []string) error {
	if len(values) != 3 && len(values) != 4 {
		return fmt.Errorf("%d fields; want prefix, gateway, price and, if you like, carrier", len(values))
	}
	for i, value := range values {
		values[i] = strings.TrimSpace(value)
		if f := fields[i]; !f.want.MatchString(values[i]) {
			return fmt.Errorf(`%s "%s" is not allowed; want %s`, f.name, values[i], f.text)
		}
	}
	prefix := values[0]
	route := Route{Gateway: values[1], Written: values[2], Carrier: values[1], Line: line}
	if len(values) == 4 && values[3] != "" {
		route.Carrier = values[3]
	}
	var err error
	if route.Price, err = strconv.ParseFloat(route.Written, 64); err != nil {
		return err
	}
	for _, other := range r.byPrefix[prefix] {
		if strings.EqualFold(other.Gateway, route.Gateway) {
			return fmt.Errorf("prefix %s by %s is at line %d already", prefix, route.Gateway, other.Line)
		}
	}
	r.byPrefix[prefix] = append(r.byPrefix[prefix], route)
	return nil
}

// Cheapest returns the routes of a number, the cheapest first, one for each
// gateway: that of its longest prefix. At the same price, the first in the file
// is first.
func (r *Routes) Cheapest(digits string) []Route {
	var best []Route
	seen := make(map[string]bool)
	for length := len(digits); length > 0; length-- {
		for _, route := range r.byPrefix[digits[:length]] {
			if gateway := strings.ToLower(route.Gateway); !seen[gateway] {
				seen[gateway] = true
				best = append(best, route)
			}
		}
	}
	slices.SortFunc(best, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Price, b.Price), cmp.Compare(a.Line, b.Line))
	})
	return best
}
