#!/usr/bin/python3
"""The policy of decision.py as a service that sipedge asks:

    ./server.py --routes ../routes.csv --listen 127.0.0.1:50051
"""

import argparse
import asyncio
import signal
import sys

import grpc

from decision import VERSION, Decision
from redirect.v1 import redirect_pb2 as pb
from redirect.v1 import redirect_pb2_grpc as rpc
from routes import Routes


class Policy(rpc.RedirectPolicyServiceServicer):
    """Decide waits for nothing, so one thread does. A policy that asks a database
    awaits it, within the deadline of the question (200 ms by default)."""

    def __init__(self, routes):
        self.routes = routes

    async def Decide(self, request, context):
        # To refuse a call is a decision. An error says that there is none.
        event = request.WhichOneof("event")
        if event is None or not request.HasField("call") or not request.attempts:
            problem = "want call, attempts and one of redirect, failure and advice"
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)
        if event == "redirect" and not 300 <= request.redirect.response.status <= 399:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a redirect has a status from 300 to 399")
        if request.call.profile not in ("", "default"):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "there is no profile but default")
        return Decision(self.routes, request).answer()

    async def GetPolicyInfo(self, request, context):
        return pb.GetPolicyInfoResponse(
            name="least-cost", version=VERSION, config_revision=self.routes.revision, contract_revision="1.0"
        )


class Health:
    """grpc.health.v1, by which an edge leaves an instance that is about to end.
    Debian has no Python package of it, and it is no more than this."""

    SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"  # HealthCheckResponse with that status

    def __init__(self):
        self.stopping = asyncio.Event()

    async def check(self, request, context):
        return self.NOT_SERVING if self.stopping.is_set() else self.SERVING

    async def watch(self, request, context):
        yield self.SERVING
        await self.stopping.wait()
        yield self.NOT_SERVING

    def add_to(self, server):
        handlers = {
            "Check": grpc.unary_unary_rpc_method_handler(self.check),
            "Watch": grpc.unary_stream_rpc_method_handler(self.watch),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("grpc.health.v1.Health", handlers),))


async def serve(routes, address):
    server, health = grpc.aio.server(), Health()
    rpc.add_RedirectPolicyServiceServicer_to_server(Policy(routes), server)
    health.add_to(server)
    port = server.add_insecure_port(address)
    await server.start()
    for sig in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sig, health.stopping.set)
    print(f"listening addr={address.rpartition(':')[0]}:{port}", file=sys.stderr, flush=True)
    await health.stopping.wait()
    await server.stop(grace=1)  # seconds for questions that are on their way


def main():
    parser = argparse.ArgumentParser(description="A redirect policy that sends numbers to the cheapest gateway.")
    parser.add_argument("--routes", default="routes.csv", help="FILE with prefix, gateway, price and carrier (routes.csv)")
    parser.add_argument("--listen", default="127.0.0.1:50051", help="ADDRESS to listen on (127.0.0.1:50051)")
    args = parser.parse_args()
    try:
        with open(args.routes, encoding="utf-8", errors="replace") as file:
            routes = Routes(args.routes, file.read())
        asyncio.run(serve(routes, args.listen))
    except (OSError, ValueError, RuntimeError) as err:
        sys.exit(f"server.py: {err}")


if __name__ == "__main__":
    main()
