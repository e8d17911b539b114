package expr

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// withoutParams makes the bind of a function that has no parameters.
func withoutParams(do call) func(*Env, []ref.Val) (call, *paramError) {
	return func(*Env, []ref.Val) (call, *paramError) { return do, nil }
}

// named makes the bind of a function whose parameter is a name.
func named(make func(name string) call) func(*Env, []ref.Val) (call, *paramError) {
	return func(_ *Env, params []ref.Val) (call, *paramError) {
		name, ok := textOf(params[0])
		if !ok || name == "" {
			return nil, &paramError{0, "the name is empty"}
		}
		return make(name), nil
	}
}

func onNumber(subject any, do func(string) ref.Val) ref.Val {
	s, ok := dialledOf(subject)
	if !ok {
		return types.NoSuchOverloadErr()
	}
	return do(s)
}

func onURI(subject any, do func(*redirectv1.SipUri) ref.Val) ref.Val {
	if s, ok := subject.(types.String); ok {
		return do(readURI(addrSpec(string(s))))
	}
	u, ok := uriOf(subject)
	if !ok {
		return types.NoSuchOverloadErr()
	}
	return do(u)
}

func onHeaders(do func([]*redirectv1.Header) ref.Val) call {
	return func(subject any) ref.Val {
		all, ok := headersOf(subject)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		return do(all)
	}
}

func parseURI(subject any) ref.Val {
	s, ok := subject.(types.String)
	if !ok {
		return types.NoSuchOverloadErr()
	}
	u := readURI(addrSpec(string(s)))
	if u == nil {
		u = &redirectv1.SipUri{Text: string(s)}
	}
	return contractTypes.NativeToValue(u)
}

func contactParam(name string) call {
	return func(subject any) ref.Val {
		if s, ok := subject.(types.String); ok {
			v, _ := headerParam(string(s), name)
			return types.String(v)
		}
		c, ok := native(subject).(*redirectv1.Contact)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		for _, p := range c.GetParams() {
			if strings.EqualFold(p.GetName(), name) {
				return types.String(p.GetValue())
			}
		}
		return types.String("")
	}
}

func bindRegion(_ *Env, params []ref.Val) (call, *paramError) {
	region, ok := textOf(params[0])
	if !ok || !isRegion(region) {
		message := fmt.Sprintf("there is no region %s; want two letters of ISO 3166, such as \"US\"", quote(region))
		if up := strings.ToUpper(region); isRegion(up) {
			message = fmt.Sprintf("regions are written in capitals: %q", up)
		}
		return nil, &paramError{0, message}
	}
	return func(subject any) ref.Val {
		return onNumber(subject, func(s string) ref.Val {
			if n := internationalNumber(s); n != "" {
				return types.String(n)
			}
			return types.String(nationalNumber(s, region))
		})
	}, nil
}

// listOf finds a list by its name.
func (e *Env) listOf(v ref.Val) (*List, string, *paramError) {
	name, _ := textOf(v)
	l, ok := e.lists[name]
	if ok {
		return l, name, nil
	}
	names := sortedKeys(e.lists)
	message := fmt.Sprintf("there is no list %s%s", quote(name), didYouMean(name, names))
	if len(names) == 0 {
		message += "; there are no lists at all"
	}
	return nil, name, &paramError{0, message}
}

func bindInList(e *Env, params []ref.Val) (call, *paramError) {
	l, _, err := e.listOf(params[0])
	if err != nil {
		return nil, err
	}
	if l.kind == prefixList {
		return func(subject any) ref.Val {
			s, ok := dialledOf(subject)
			if !ok {
				return types.NoSuchOverloadErr()
			}
			_, in := l.MatchPrefix(internationalNumber(s))
			return types.Bool(in)
		}, nil
	}
	return func(subject any) ref.Val {
		host, ok := hostOf(subject)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		if l.kind == domainList {
			_, in := l.MatchDomain(withoutPort(host))
			return types.Bool(in)
		}
		addr, ok := parseHost(host)
		if ok {
			_, ok = l.MatchAddr(addr)
		}
		return types.Bool(ok)
	}, nil
}

func bindLongestPrefix(e *Env, params []ref.Val) (call, *paramError) {
	l, name, err := e.listOf(params[0])
	if err != nil {
		return nil, err
	}
	if l.kind != prefixList {
		return nil, &paramError{0, fmt.Sprintf("the list %q is one of %s, and longest_prefix wants one of prefixes", name, l.kind)}
	}
	return func(subject any) ref.Val {
		return onNumber(subject, func(s string) ref.Val {
			p, _ := l.MatchPrefix(internationalNumber(s))
			return types.String(p)
		})
	}, nil
}

func bindNetwork(_ *Env, params []ref.Val) (call, *paramError) {
	text, _ := textOf(params[0])
	network, err := parseNetwork(text)
	if err != nil {
		return nil, &paramError{0, quote(text) + ": " + err.Error()}
	}
	return func(subject any) ref.Val {
		host, ok := hostOf(subject)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		addr, ok := parseHost(host)
		return types.Bool(ok && network.Contains(addr))
	}, nil
}

func bindDomain(_ *Env, params []ref.Val) (call, *paramError) {
	text, _ := textOf(params[0])
	name, wild, err := parseDomain(text)
	if err != nil {
		return nil, &paramError{0, quote(text) + ": " + err.Error()}
	}
	return func(subject any) ref.Val {
		host, ok := hostOf(subject)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		return types.Bool(inDomain(withoutPort(host), name, wild))
	}, nil
}

// withoutPort cuts the port off "host:port"; an IPv6 address has more colons.
func withoutPort(host string) string {
	if i := strings.IndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i+1:], ':') < 0 {
		return host[:i]
	}
	return host
}

func bindTime(_ *Env, params []ref.Val) (call, *paramError) {
	text, _ := textOf(params[0])
	open, err := parseWindows(text)
	if err != nil {
		return nil, &paramError{0, err.Error()}
	}
	name, _ := textOf(params[1])
	zone, err := parseZone(name)
	if err != nil {
		return nil, &paramError{1, quote(name) + ": " + err.Error()}
	}
	return func(subject any) ref.Val {
		t, ok := subject.(types.Timestamp)
		if !ok {
			return types.NoSuchOverloadErr()
		}
		return types.Bool(open.contain(t.In(zone)))
	}, nil
}
