package policyrpc_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

func TestNewReplicasAreFoundWhenConnectionsLast(t *testing.T) {
	t.Parallel()
	l := listenAll(t, 2)
	one, two := serve(t, l[0]), serve(t, l[1])
	names := nameServer(t, one)
	client := dial(t, names.target(one.address), policyrpc.ClientOptions{})
	awaitAll(t, client, []*replica{one})
	names.set(one, two)
	await(t, "a call at the new replica", 15*time.Second, func() bool {
		if _, err := ask(t, client, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		return two.calls.Load() > 0
	})
}

func TestNameThatComesLateIsFoundWithinSeconds(t *testing.T) {
	t.Parallel()
	r := serve(t, listen(t, "tcp", "127.0.0.2:0"))
	names := nameServer(t)
	client := dial(t, names.target(r.address), policyrpc.ClientOptions{})
	_, err := ask(t, client, 5*time.Second)
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "redirectd.test") {
		t.Errorf("error %v, want Unavailable and the name", err)
	}
	asked := names.queries.Load() // two more queries, A and AAAA each: grpc's own resolver is at 1.6 s by then
	await(t, "more queries", 10*time.Second, func() bool { return names.queries.Load() >= asked+4 })
	names.set(r)
	await(t, "a decision", 3*time.Second, func() bool {
		_, err := ask(t, client, time.Second)
		return err == nil
	})
}

func TestNameWithoutAddressTakesNothingAway(t *testing.T) {
	t.Parallel()
	l := listenAll(t, 2)
	one, two := serve(t, l[0]), serve(t, l[1])
	names := nameServer(t, one, two)
	client := dial(t, names.target(one.address), policyrpc.ClientOptions{})
	awaitAll(t, client, []*replica{one, two})
	names.set()
	two.server.Stop() // a lost connection makes the client ask
	asked := names.queries.Load()
	await(t, "a query", 5*time.Second, func() bool { return names.queries.Load() > asked })
	for range 20 {
		if _, err := ask(t, client, 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerOfTheTargetIsAskedAtItsPort(t *testing.T) {
	t.Parallel()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	dial(t, "dns://"+conn.LocalAddr().String()+"/redirectd.test:1", policyrpc.ClientOptions{})
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1500)
	n, _, err := conn.ReadFrom(buf)
	if err != nil || !strings.Contains(string(buf[:n]), "redirectd\x04test") {
		t.Errorf("query %q, %v; want one for redirectd.test", buf[:n], err)
	}
}
