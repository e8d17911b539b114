package edge

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// LoadConfig reads the configuration file of an edge. The error names every
// mistake with its file, line, column and key, and what is allowed.
func LoadConfig(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseConfig(path, data)
}

// ParseConfig reads a configuration; file is its name in errors.
func ParseConfig(file string, data []byte) (*Config, error) {
	doc := strictyaml.Read(file, data)
	root, c := doc.Root(), &Config{}
	root.Each("listen", func(v strictyaml.Value) {
		address, err := transport.ParseAddress(v.Text)
		if err != nil {
			v.Failf("%v", err)
			return
		}
		c.Listen = append(c.Listen, address)
	})
	root.String("advertise", &c.Advertise)
	root.String("admin", &c.Admin)
	readHops(root, "next_hop", &c.NextHop)
	root.String("profile", &c.Profile)
	for _, m := range root.Maps("trunks") {
		c.Trunks = append(c.Trunks, readTrunk(m, c.Trunks))
	}
	readSecrets(root, c)
	root.Strings("shown_headers", &c.ShownHeaders)
	root.Strings("allowed_headers", &c.AllowedHeaders)
	root.Each("shown_headers", checkHeaderName)
	root.Each("allowed_headers", checkAllowedHeader)
	root.String("instance", &c.Instance)
	root.String("zone", &c.Zone)
	if m := root.Map("policy"); m != nil {
		readPolicy(m, &c.Policy)
	}
	if m := root.Map("limits"); m != nil {
		readLimits(m, &c.Limits)
	}
	root.Done()
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

func readTrunk(m *strictyaml.Map, before []Trunk) Trunk {
	var t Trunk
	if m.Require("name") && m.String("name", &t.Name) {
		for _, other := range before {
			if other.Name == t.Name {
				m.Failf("name", "%q is the name of an earlier trunk", t.Name)
			}
		}
	}
	m.Require("from")
	m.Each("from", func(v strictyaml.Value) {
		prefix, err := parsePrefix(v.Text)
		if err != nil {
			v.Failf("%q is no address and no network: want 192.0.2.1 or 192.0.2.0/24", v.Text)
			return
		}
		t.From = append(t.From, prefix)
	})
	readHops(m, "next_hop", &t.NextHop)
	m.String("profile", &t.Profile)
	var credentials string
	m.Enum("credentials", &credentials, "strip", "forward")
	t.ForwardCredentials = credentials == "forward"
	if a := m.Map("attributes"); a != nil {
		t.Attributes = make(map[string]string)
		a.Entries(func(key, value strictyaml.Value) {
			if len(t.Attributes) == 64 {
				key.Failf("more than 64 attributes")
				return
			}
			t.Attributes[key.Text] = value.Text
		})
	}
	m.Done()
	return t
}

func readHops(m *strictyaml.Map, key string, into *[]string) {
	m.OneOrEach(key, func(v strictyaml.Value) {
		if err := checkHop(v.Text); err != nil {
			v.Failf("%v", err)
			return
		}
		*into = append(*into, v.Text)
	})
}

// parsePrefix reads a network, or an address that is one of its own.
func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if p.Addr().Is4In6() && p.Bits() >= 96 { // addresses are compared unmapped
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
}

func checkHeaderName(v strictyaml.Value) {
	if len(v.Text) < 2 || !isToken(v.Text) {
		v.Failf("%q is no name of a header field in its long form", v.Text)
	}
}

// checkAllowedHeader refuses what no decision may touch, so that nobody believes
// it to be allowed.
func checkAllowedHeader(v strictyaml.Value) {
	checkHeaderName(v)
	for _, s := range structural {
		if strings.EqualFold(s, v.Text) {
			v.Failf("%s can't be allowed: no decision may touch it", s)
		}
	}
}

func readSecrets(m *strictyaml.Map, c *Config) {
	m.Each("secrets", func(v strictyaml.Value) {
		secret, err := hex.DecodeString(v.Text)
		switch {
		case err != nil || len(secret) < 16 || len(secret) > 64:
			v.Failf("want 32 to 128 hexadecimal digits, such as openssl rand -hex 32 prints")
		case len(c.Secrets) == 8:
			v.Failf("more than 8 secrets")
		default:
			c.Secrets = append(c.Secrets, secret)
		}
	})
}

func readPolicy(m *strictyaml.Map, p *PolicyConfig) {
	m.String("target", &p.Target)
	m.String("config", &p.File)
	m.Duration("timeout", &p.Timeout, 10*time.Millisecond, 10*time.Second)
	var on string
	if m.Enum("on_unavailable", &on, string(Map), string(Embedded), string(PassThrough)) {
		p.OnUnavailable = OnUnavailable(on)
	}
	m.Done()
}

func readLimits(m *strictyaml.Map, l *Limits) {
	m.Int("attempts", &l.Attempts, 1, 64)
	m.Int("nesting", &l.Nesting, 1, 64)
	m.Duration("setup_time", &l.SetupTime, time.Second, time.Hour)
	m.Int("decisions", &l.Decisions, 1, 1_000_000)
	m.Int("transactions", &l.Transactions, 1, 10_000_000)
	m.Int("waiting", &l.Waiting, 1, 1_000_000)
	m.Done()
}

// SetListen replaces the listeners by those of a command line.
func (c *Config) SetListen(addresses []string) error {
	c.Listen = nil
	for _, text := range addresses {
		address, err := transport.ParseAddress(text)
		if err != nil {
			return fmt.Errorf("--listen: %w", err)
		}
		c.Listen = append(c.Listen, address)
	}
	return nil
}
