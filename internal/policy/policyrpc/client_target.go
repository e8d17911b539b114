package policyrpc

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// parseTarget checks a gRPC target and gives it its scheme. grpc itself would
// take a name without a port for one at port 443, and a scheme that it does not
// know for a host name.
func parseTarget(target string) (string, error) {
	scheme, rest, found := strings.Cut(target, "://")
	switch {
	case !found && strings.HasPrefix(target, "unix:"):
		return "", fmt.Errorf("policy target %q: a unix socket is named as in unix:///run/redirectd.sock", target)
	case !found:
		return "dns:///" + target, checkHostPort(target, target)
	case scheme == "unix":
		if !strings.HasPrefix(rest, "/") || rest == "/" {
			return "", fmt.Errorf("policy target %q: a unix socket is named by an absolute path, as in unix:///run/redirectd.sock", target)
		}
		return target, nil
	case scheme == "dns":
		_, endpoint, ok := strings.Cut(rest, "/")
		if !ok {
			return "", fmt.Errorf("policy target %q: the name comes after the third slash, as in dns:///%s", target, rest)
		}
		return target, checkHostPort(target, endpoint)
	default:
		return "", fmt.Errorf("policy target %q: the scheme %s is not known; dns:///name:port, unix:///path or host:port are", target, scheme)
	}
}

func checkHostPort(target, endpoint string) error {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil || host == "" {
		return fmt.Errorf("policy target %q: %q is not host:port, as in redirectd:50051", target, endpoint)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("policy target %q: %q is no port, 1 to 65535 is", target, port)
	}
	return nil
}
