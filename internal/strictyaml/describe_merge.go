package strictyaml

import (
	"reflect"
	"slices"
)

// merge adds what one run of a reader found to what the others did: what is
// allowed in any of them is allowed, and what is wanted in all of them is wanted.
func merge(all, more *Schema) *Schema {
	switch {
	case all == nil:
		return more
	case more == nil:
		return all
	}
	for _, s := range more.singles {
		if !slices.ContainsFunc(all.singles, func(other single) bool { return reflect.DeepEqual(s, other) }) {
			all.singles = append(all.singles, s)
		}
	}
	if all.items == nil {
		all.some = more.some
	} else if more.items != nil {
		all.some = all.some && more.some
	}
	all.items = merge(all.items, more.items)
	all.keys = mergeKeys(all.keys, more.keys)
	if all.disagreed || !reflect.DeepEqual(all.value, more.value) {
		all.value, all.disagreed = nil, true
	}
	return all
}

func mergeKeys(all, more *keys) *keys {
	switch {
	case all == nil:
		return more
	case more == nil:
		return all
	}
	for _, name := range more.names {
		all.schemas[name] = merge(all.schemas[name], more.schemas[name])
		if !slices.Contains(all.names, name) {
			all.names = append(all.names, name)
		}
	}
	all.want = slices.DeleteFunc(all.want, func(group []string) bool {
		return !slices.ContainsFunc(more.want, func(other []string) bool { return slices.Equal(group, other) })
	})
	all.closed = all.closed && more.closed
	all.name, all.value = merge(all.name, more.name), merge(all.value, more.value)
	return all
}
