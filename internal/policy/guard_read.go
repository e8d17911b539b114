package policy

import (
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// readGuard reads deny or allow; only a deny knows own_address.
func (r *reader) readGuard(m *strictyaml.Map, deny bool) Guard {
	var g Guard
	if m == nil {
		return g
	}
	g.hosts = appendList(g.hosts, m, "domains", expr.NewDomainList)
	g.hosts = appendList(g.hosts, m, "networks", expr.NewNetworkList)
	g.numbers = appendList(g.numbers, m, "prefixes", expr.NewPrefixList)
	m.Some("ports", func(v strictyaml.Value) {
		if ports, ok := readRange(v, 1, 65535); ok {
			g.ports = append(g.ports, ports)
		}
	})
	m.Some("schemes", func(v strictyaml.Value) {
		if v.Text != strings.ToLower(v.Text) || v.Text == "" || strings.Contains(v.Text, ":") {
			v.Failf("%q is no scheme; want a word such as sip, sips or tel", v.Text)
			return
		}
		g.schemes = append(g.schemes, v.Text)
	})
	m.Some("lists", func(v strictyaml.Value) { r.addNamed(&g, v) })
	if deny {
		m.Bool("own_address", &g.own)
	}
	m.Done()
	return g
}

// addNamed adds a list of the configuration by its name.
func (r *reader) addNamed(g *Guard, v strictyaml.Value) {
	list, ok := r.lists[v.Text]
	if !ok {
		v.Failf("there is no list %q%s", v.Text, r.namesOfLists(v.Text))
		return
	}
	named := namedList{`list "` + v.Text + `"`, list}
	if list.Kind() == "prefixes" {
		g.numbers = append(g.numbers, named)
	} else {
		g.hosts = append(g.hosts, named)
	}
}

// namesOfLists ends a problem with what there is instead.
func (r *reader) namesOfLists(name string) string {
	var names []string
	for n := range r.lists {
		names = append(names, n)
	}
	slices.Sort(names)
	if near := strictyaml.Nearest(name, names); near != "" {
		return `; did you mean "` + near + `"?`
	}
	if len(names) == 0 {
		return "; the file names no lists"
	}
	return "; there are: " + strings.Join(names, ", ")
}

// appendList reads an inline list.
func appendList(lists []namedList, m *strictyaml.Map, key string, build func([]string) (*expr.List, error)) []namedList {
	var entries []string
	var values []strictyaml.Value
	m.Some(key, func(v strictyaml.Value) {
		entries, values = append(entries, v.Text), append(values, v)
	})
	if len(entries) == 0 {
		return lists
	}
	for i := range entries { // one at a time: a problem has its own line
		if _, err := build(entries[i : i+1]); err != nil {
			values[i].Failf("%s", entryError(err))
		}
	}
	list, err := build(entries)
	if err != nil {
		return lists
	}
	return append(lists, namedList{key, list})
}
