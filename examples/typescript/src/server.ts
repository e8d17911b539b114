// The policy of decision.ts as a service that sipedge asks:
//
//     node dist/server.js --routes ../routes.csv --listen 127.0.0.1:50051

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { service } from "./contract";
import { Decision, VERSION } from "./decision";
import type { RedirectPolicyServiceHandlers } from "./gen/redirect/v1/RedirectPolicyService";
import { Routes } from "./routes";

function policy(routes: Routes): RedirectPolicyServiceHandlers {
  return {
    // To refuse a call is a decision. An error says that there is none.
    Decide({ request }, callback) {
      if (!request.event || !request.call || request.attempts.length === 0) {
        callback({ code: status.INVALID_ARGUMENT, details: "want call, attempts and one of redirect, failure and advice" });
      } else if (request.redirect && Math.trunc((request.redirect.response?.status ?? 0) / 100) !== 3) {
        callback({ code: status.INVALID_ARGUMENT, details: "a redirect has a status from 300 to 399" });
      } else if (!["", "default"].includes(request.call.profile)) {
        callback({ code: status.FAILED_PRECONDITION, details: "there is no profile but default" });
      } else {
        callback(null, new Decision(routes, request).answer());
      }
    },
    GetPolicyInfo(_, callback) {
      callback(null, { name: "least-cost", version: VERSION, configRevision: routes.revision, contractRevision: "1.0" });
    },
  };
}

function fail(err: unknown): never {
  console.error(`least-cost: ${err instanceof Error ? err.message : err}`);
  process.exit(1);
}

function main(): void {
  const { values } = parseArgs({
    options: {
      routes: { type: "string", default: "routes.csv" },
      listen: { type: "string", default: "127.0.0.1:50051" },
    },
  });
  const file = values.routes!;
  const listen = values.listen!;
  const routes = new Routes(file, readFileSync(file, "utf8"));
  const server = new Server();
  const health = new HealthImplementation({ "": "SERVING" });
  server.addService(service, policy(routes));
  health.addToServer(server);
  server.bindAsync(listen, ServerCredentials.createInsecure(), (err, port) => {
    if (err) fail(err);
    console.error(`listening addr=${listen.slice(0, listen.lastIndexOf(":"))}:${port}`);
  });
  const stop = () => {
    health.setStatus("", "NOT_SERVING"); // the edge leaves this instance
    setTimeout(() => server.forceShutdown(), 1000).unref();
    server.tryShutdown(() => process.exit(0)); // after the questions that are on their way
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
}

try {
  main();
} catch (err) {
  fail(err);
}
