// The contract, read from proto/ when the program starts. The types in gen/ are
// made of the same file by `npm run build`.

import { join } from "node:path";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { ProtoGrpcType } from "./gen/redirect";

const definition = loadSync("redirect/v1/redirect.proto", {
  includeDirs: [join(__dirname, "../../../proto")],
  enums: String,
  longs: String,
  defaults: true,
  oneofs: true,
});

export const { service } = (loadPackageDefinition(definition) as unknown as ProtoGrpcType).redirect.v1.RedirectPolicyService;
