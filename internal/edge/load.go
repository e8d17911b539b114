package edge

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/decision"
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
	c := &Config{}
	readConfig(doc, c)
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// readConfig reads what [Schema] describes. What c has before it are the defaults.
func readConfig(doc *strictyaml.Document, c *Config) {
	root := doc.Root()
	root.EachOrMap("listen", readAddress(&c.Listen), func(m *strictyaml.Map) { readListener(m, c) })
	readAdvertise(root, &c.Advertise)
	root.String("admin", &c.Admin)
	readHops(root, "next_hop", &c.NextHop)
	root.String("profile", &c.Profile)
	for _, m := range root.Maps("trunks") {
		c.Trunks = append(c.Trunks, readTrunk(m, c.Trunks))
	}
	strangers := string(c.Strangers)
	root.Enum("strangers", &strangers, string(Reject), string(Ignore))
	c.Strangers = Strangers(strangers)
	readTLS(root.Map("tls"), &c.TLS)
	readDNS(root.Map("dns"), &c.DNS)
	if m := root.Map("targets"); m != nil {
		c.Targets = readTargets(m)
	}
	readConnections(root.Map("connections"), &c.Connections)
	readSecrets(root, c)
	readHeaderLists(root, &c.ShownHeaders, &c.AllowedHeaders)
	root.String("instance", &c.Instance)
	root.String("zone", &c.Zone)
	readPolicy(root.Map("policy"), &c.Policy, c.Trunks)
	readLimits(root.Map("limits"), &c.Limits)
	readRecords(root.Map("records"), &c.Records)
	readTracing(root.Map("tracing"), &c.Tracing)
	root.Done()
}

func readAddress(into *[]transport.Address) func(strictyaml.Value) {
	return func(v strictyaml.Value) {
		v.Like("^[^:/]+://", "udp://0.0.0.0:5060", "tls://[::1]:5061")
		address, err := transport.ParseAddress(v.Text)
		if err != nil {
			v.Failf("%v", err)
			return
		}
		*into = append(*into, address)
	}
}

// readListener reads an element of listen that says more than its address.
func readListener(m *strictyaml.Map, c *Config) {
	defer m.Done()
	before := len(c.Listen)
	m.Require("address")
	if v, ok := m.Value("address"); ok {
		readAddress(&c.Listen)(v)
	}
	var host string
	if !readAdvertise(m, &host) || len(c.Listen) == before {
		return
	}
	if c.AdvertiseAt == nil {
		c.AdvertiseAt = make(map[transport.Address]string)
	}
	c.AdvertiseAt[c.Listen[before]] = host
}

func readAdvertise(m *strictyaml.Map, into *string) bool {
	v, ok := m.Value("advertise")
	if !ok {
		return false
	}
	v.Like("", "edge1.example.com", "192.0.2.1")
	if err := checkAdvertise(v.Text); err != nil {
		v.Failf("%v", err)
		return false
	}
	return m.String("advertise", into)
}

func readHops(m *strictyaml.Map, key string, into *[]string) {
	m.OneOrEach(key, func(v strictyaml.Value) {
		v.Like("^[sS][iI][pP][sS]?:", "sip:192.0.2.10:5060", "sips:sip.example.com")
		if err := checkHop(v.Text); err != nil {
			v.Failf("%v", err)
			return
		}
		if len(*into) == maxNextHops {
			v.Failf("more than %d: they are tried one after another", maxNextHops)
			return
		}
		*into = append(*into, v.Text)
	})
}

func readHeaderLists(m *strictyaml.Map, shown, allowed *[]string) {
	m.Strings("shown_headers", shown)
	m.Strings("allowed_headers", allowed)
	m.Each("shown_headers", checkHeaderName)
	m.Each("allowed_headers", checkAllowedHeader)
}

func checkHeaderName(v strictyaml.Value) {
	if len(v.Text) < 2 || !decision.IsToken(v.Text) {
		v.Failf("%q is no name of a header field in its long form", v.Text)
	}
}

// checkAllowedHeader refuses what no decision may touch, so that nobody believes
// it to be allowed.
func checkAllowedHeader(v strictyaml.Value) {
	checkHeaderName(v)
	for _, s := range decision.Structural {
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

func readPolicy(m *strictyaml.Map, p *PolicyConfig, trunks []Trunk) {
	m.String("target", &p.Target)
	m.String("config", &p.File)
	m.Duration("timeout", &p.Timeout, 10*time.Millisecond, 10*time.Second)
	on := string(p.OnUnavailable)
	if m.Enum("on_unavailable", &on, string(Map), string(Embedded), string(PassThrough)) {
		p.OnUnavailable = OnUnavailable(on)
	}
	p.Shadow = readShadow(m)
	p.Canary = readCanary(m.Map("canary"), trunks)
	readRecording(m.Map("record"), &p.Record)
	m.Done()
}

// SetListen replaces the listeners by those of a command line.
func (c *Config) SetListen(addresses []string) error {
	c.Listen, c.AdvertiseAt = nil, nil
	for _, text := range addresses {
		address, err := transport.ParseAddress(text)
		if err != nil {
			return fmt.Errorf("--listen: %w", err)
		}
		c.Listen = append(c.Listen, address)
	}
	return nil
}
