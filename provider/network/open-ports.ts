import type { Transport } from "../host/transport.js";
import { NETWORK_ROOT } from "./names.js";

/** Lines `tcp 8080 10.128.0.2 80 here` of all networks (program/records.ts). */
const LIST = `cat "$1"/*/ports.d/* 2>/dev/null | sed '/^#/d'; exit 0`;

/** Addresses of containers to which ports that are open on every host lead from this one. */
export async function targetsOfPorts(transport: Transport): Promise<Set<string>> {
  const { stdout } = await transport.script(LIST, [NETWORK_ROOT]);
  return new Set(stdout.split("\n").flatMap((line) => line.split(" ")[2] ?? []));
}
