package sipuri

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

func (u *URI) parseHostPort(s string) error {
	host, port, hasPort, err := splitHostPort(s)
	if err != nil {
		return err
	}
	u.Host = host
	if !hasPort {
		return nil
	}
	u.Port, err = parsePort(port)
	return err
}

// splitHostPort checks the host; an IPv6 reference loses its brackets.
func splitHostPort(s string) (host, port string, hasPort bool, err error) {
	if !strings.HasPrefix(s, "[") {
		host, port, hasPort = strings.Cut(s, ":")
		return host, port, hasPort, checkHost(host)
	}
	host, after, ok := strings.Cut(s[1:], "]")
	if !ok {
		return "", "", false, errors.New(`host has "[" without "]"`)
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !addr.Is6() || addr.Zone() != "" {
		return "", "", false, fmt.Errorf("host [%s] is no IPv6 address", host)
	}
	if after == "" {
		return host, "", false, nil
	}
	if after[0] != ':' {
		return "", "", false, fmt.Errorf("host is followed by %q", after)
	}
	return host, after[1:], true, nil
}

func parsePort(s string) (uint16, error) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("port %q is no number", s)
		}
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n == 0 || len(s) > 5 {
		return 0, fmt.Errorf("port %q is out of range (1 to 65535)", s)
	}
	return uint16(n), nil
}

// checkHost reads a host name more widely than 25.1 does ("_" occurs, and DNS
// decides in the end), but never takes a broken IPv4 address for a name.
func checkHost(h string) error {
	if h == "" {
		return errors.New("URI has no host")
	}
	if len(h) > 255 {
		return fmt.Errorf("host has %d bytes, more than 255", len(h))
	}
	numeric := true
	for i := range len(h) {
		c := h[i]
		switch {
		case c >= '0' && c <= '9' || c == '.':
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_':
			numeric = false
		default:
			return fmt.Errorf("host %q has the character %q", h, c)
		}
	}
	if h[0] == '.' || strings.Contains(h, "..") {
		return fmt.Errorf("host %q has an empty label", h)
	}
	if numeric {
		if _, err := netip.ParseAddr(h); err != nil {
			return fmt.Errorf("host %q is neither a name nor an address", h)
		}
	}
	return nil
}
