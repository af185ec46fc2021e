import type { CheckFailure } from "../lifecycle.js";
import { isUnknown } from "../unknown.js";
import { addressProblem, nameProblem, pathProblem, userProblem } from "./command.js";

/** The parts of `user@address:port`; absent parts are left to defaults. */
export interface ParsedAddress {
  address: string;
  port?: number;
  user?: string;
}

/** Takes `root@a`, `a:2222`, `root@[::1]:22`, `::1` apart, or says what is wrong with it. Never echoes more than its form. */
export function parseAddress(text: string): ParsedAddress | { problem: string } {
  const match =
    /^(?:([^@]*)@)?(\[[^\]]*\]|[^:]*|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)(?::(\d+))?$/.exec(
      text,
    );
  if (!match) return { problem: "must look like root@host:22" };
  const [, user, address = "", port] = match;
  const problem =
    (user === undefined ? undefined : prefixed("user", userProblem(user))) ??
    prefixed("address", addressProblem(address)) ??
    (port === undefined ? undefined : prefixed("port", portProblem(Number(port))));
  if (problem) return { problem };
  return {
    address: address.replace(/^\[|\]$/g, ""),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(user === undefined ? {} : { user }),
  };
}

const COMMON = ["kind", "name", "sudo", "dockerSocket", "parallelStarts", "whenUnreachable"];
const ENDPOINT = ["address", "port", "user", "key", "hostKeys", "knownHosts"];

/**
 * What is wrong with a connection. `property` is the top-level input it belongs to; sentences name the part. Unknown
 * values are taken as right. Nothing is connected, no file is read.
 */
export function connectionFailures(value: unknown, property = "connection"): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const fail = (path: string, reason: string) =>
    failures.push({ property, reason: `${path} ${reason}` });
  if (isUnknown(value)) return failures;
  if (!isObject(value)) {
    fail(property, "must be an object");
    return failures;
  }
  const check = (
    path: string,
    member: unknown,
    problem: (member: unknown) => string | undefined,
  ) => {
    if (isUnknown(member)) return;
    const reason = problem(member);
    if (reason) fail(path, reason);
  };
  const { kind } = value;
  check(`${property}.kind`, kind, oneOf("ssh", "local"));
  check(`${property}.name`, value["name"], nameProblem);
  check(`${property}.sudo`, value["sudo"], (v) =>
    typeof v === "boolean" ? undefined : "must be true or false",
  );
  check(`${property}.dockerSocket`, value["dockerSocket"], dockerSocketProblem);
  check(`${property}.parallelStarts`, value["parallelStarts"], wholeNumber(0, 1000));
  check(`${property}.whenUnreachable`, value["whenUnreachable"], oneOf("fail", "forget"));
  const endpoint = (path: string, from: Record<string, unknown>) => {
    check(`${path}.address`, from["address"], addressProblem);
    check(`${path}.port`, from["port"], portProblem);
    check(`${path}.user`, from["user"], userProblem);
    check(`${path}.key`, from["key"], keyProblem);
    if (from["hostKeys"] !== undefined)
      check(`${path}.hostKeys`, from["hostKeys"], hostKeysProblem);
    if (from["knownHosts"] !== undefined)
      check(`${path}.knownHosts`, from["knownHosts"], (v) =>
        typeof v === "string" && v !== "" ? undefined : "must be a path",
      );
  };
  if (kind !== "local") endpoint(property, value);
  const jump = value["jump"];
  if (jump !== undefined && !isUnknown(jump)) {
    if (!isObject(jump)) fail(`${property}.jump`, "must be an object");
    else {
      endpoint(`${property}.jump`, jump);
      refuseOthers(jump, ENDPOINT, `${property}.jump`, fail);
    }
  }
  refuseOthers(value, kind === "local" ? COMMON : [...COMMON, ...ENDPOINT, "jump"], property, fail);
  return failures;
}

export function portProblem(value: unknown): string | undefined {
  return wholeNumber(1, 65_535)(value);
}

/** A problem function for whole numbers of a range. */
export function wholeNumber(least: number, most: number): (value: unknown) => string | undefined {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `must be a whole number from ${least} to ${most}`;
}

function dockerSocketProblem(value: unknown): string | undefined {
  // A plain TCP daemon is reached by anyone on its network: only the socket on the host is used.
  if (typeof value === "string" && /^(tcp|https?):/.test(value))
    return "must be a socket on the host such as /var/run/docker.sock: Docker is reached through SSH only";
  return pathProblem(value);
}

function keyProblem(value: unknown): string | undefined {
  const form = 'must be { kind: "agent" }, { kind: "file", path } or { kind: "env", variable }';
  if (typeof value === "string" && value.includes("PRIVATE KEY"))
    return `${form}: a reference, never the key itself, which would be kept in the state`;
  if (!isObject(value)) return form;
  const keys: Record<string, string[]> = {
    agent: ["kind", "socket"],
    file: ["kind", "path"],
    env: ["kind", "variable"],
  };
  const allowed = typeof value["kind"] === "string" ? keys[value["kind"]] : undefined;
  if (isUnknown(value["kind"])) return undefined;
  if (!allowed || Object.keys(value).some((key) => !allowed.includes(key))) return form;
  const [, detail = ""] = allowed;
  const given = value[detail];
  if (isUnknown(given) || (value["kind"] === "agent" && given === undefined)) return undefined;
  if (typeof given !== "string" || given === "") return form;
  if (given.includes("PRIVATE KEY"))
    return `${form}: a reference, never the key itself, which would be kept in the state`;
  if (value["kind"] === "env" && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(given))
    return "must name an environment variable";
  return undefined;
}

const HOST_KEY =
  /^(SHA256:[A-Za-z0-9+/]{43}=?|(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,}={0,2}( [^\n]*)?)$/;

function hostKeysProblem(value: unknown): string | undefined {
  const form = 'must be a list of keys like "ssh-ed25519 AAAA..." or "SHA256:..."';
  if (!Array.isArray(value)) return form;
  return value.every((key) => isUnknown(key) || (typeof key === "string" && HOST_KEY.test(key)))
    ? undefined
    : form;
}

function oneOf(...allowed: string[]): (value: unknown) => string | undefined {
  return (value) =>
    typeof value === "string" && allowed.includes(value)
      ? undefined
      : `must be ${allowed.map((word) => `"${word}"`).join(" or ")}`;
}

function refuseOthers(
  value: Record<string, unknown>,
  allowed: readonly string[],
  path: string,
  fail: (path: string, reason: string) => void,
): void {
  for (const key of Object.keys(value))
    if (!allowed.includes(key))
      fail(`${path}.${key.slice(0, 60)}`, "is not a property of a connection");
}

function prefixed(name: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `${name} ${problem}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
