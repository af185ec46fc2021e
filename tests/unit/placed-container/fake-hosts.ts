import type { PlacedContainerState } from "../../../provider/resources/placed-container/inputs.js";
import { FakeHosts, type FakeHost } from "../../support/fake-transport.js";

const NAMES = ["h1", "h2"];

/** The hosts h1 and h2 with the images and networks of the fixtures. */
export async function installHosts(): Promise<FakeHosts> {
  const hosts = await FakeHosts.install(...NAMES);
  for (const name of NAMES) {
    prepare(hosts.host(name));
    withResolvers(hosts.host(name));
  }
  return hosts;
}

/** The same hosts seen by a new process. */
export async function asAnotherProcess(old: FakeHosts): Promise<FakeHosts> {
  const fresh = await FakeHosts.install(...NAMES);
  for (const name of NAMES) {
    Object.assign(fresh.host(name), { docker: old.host(name).docker });
    withResolvers(fresh.host(name));
  }
  return fresh;
}

function prepare(host: FakeHost): void {
  host.docker.addImage("clocker/web:1", { digest: "sha256:abc", log: "line one\nline two\n" });
  host.docker.addImage("clocker/web:2", { digest: "sha256:def" });
  for (const [name, subnet, gateway] of [
    ["lan-77", "10.64.0.0/16", "10.64.0.1"],
    ["dmz-78", "10.65.0.0/16", "10.65.0.1"],
  ] as const) {
    host.docker.addNetwork({
      Name: name,
      Driver: "bridge",
      IPAM: { Config: [{ Subnet: subnet, Gateway: gateway }] },
    });
  }
}

function withResolvers(host: FakeHost): void {
  host.onExec(({ script }) =>
    script?.includes("resolv.conf")
      ? { stdout: "nameserver 127.0.0.53\nnameserver 192.0.2.53\n" }
      : undefined,
  );
}

/** What a partial failure holds. */
export interface PartialFailure {
  id: string;
  properties: PlacedContainerState & { __provider?: string };
  reasons: string[];
  message: string;
}

/** What `promise` fails with. */
export async function failure<T = PartialFailure>(promise: Promise<unknown>): Promise<T> {
  try {
    await promise;
  } catch (error) {
    return error as T;
  }
  throw new Error("it did not fail");
}
