package policyrpc

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// maxLooked is the longest answer that a plain connection takes, in bytes: far
// beyond the contract, to see by how much it is over.
const maxLooked = 4 << 20

// Connect returns a plain connection to a target as [Dial] takes it: it is made as
// a [Client] makes it, but a call is one try at one address, with its own status,
// and a backend that says that it is not serving is asked all the same. It is for
// looking at a policy, not for asking it on the path of a call. It does not wait
// for the connection: a target that is down is no error.
func Connect(target string) (*grpc.ClientConn, error) {
	full, err := parseTarget(target)
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(full,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithResolvers(dnsBuilder{}),
		grpc.WithContextDialer(dial),
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithIdleTimeout(0),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(maxLooked), grpc.MaxCallRecvMsgSize(maxLooked)),
	)
	if err != nil {
		return nil, fmt.Errorf("policy target %q: %w", target, err)
	}
	return conn, nil
}
