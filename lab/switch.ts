import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SUBNETS_DIR, type LabNames } from "./names.js";
import { LabError, run } from "./run.js";
import { freeUnderlays, type Underlay } from "./subnet.js";

/**
 * Takes a subnet that neither this machine nor another lab uses. The file made exclusively is the lock: of two
 * labs that start at once only one gets it.
 */
export async function claimUnderlay(lab: string): Promise<Underlay> {
  await mkdir(SUBNETS_DIR, { recursive: true });
  const routes = JSON.parse((await run(["ip", "-j", "-4", "route"])).stdout) as { dst: string }[];
  for (const candidate of freeUnderlays(routes.map((route) => route.dst))) {
    try {
      await writeFile(join(SUBNETS_DIR, String(candidate.index)), lab, { flag: "wx" });
      return candidate;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  throw new LabError(
    "no subnet is left in 10.77.0.0/16 for another lab: take one down (clocker lab status lists them)",
  );
}

export async function releaseUnderlay(lab: string): Promise<void> {
  for (const file of await readdir(SUBNETS_DIR).catch(() => [])) {
    const path = join(SUBNETS_DIR, file);
    const owner = await readFile(path, "utf8").catch(() => undefined);
    if (owner === lab) await unlink(path);
  }
}

/**
 * The lab's switch: a bridge in a namespace of its own, so that this machine's firewall and bridge settings neither
 * matter nor change, and one link from this machine into it.
 */
export async function makeSwitch(names: LabNames, underlay: Underlay): Promise<void> {
  await run(["ip", "netns", "add", names.netns]);
  await run(["ip", "-n", names.netns, "-batch", "-"], {
    stdin: ["link add sw0 type bridge", "link set sw0 up", ""].join("\n"),
  });
  await run([
    "ip",
    "link",
    "add",
    names.link,
    "type",
    "veth",
    "peer",
    "name",
    "root0",
    "netns",
    names.netns,
  ]);
  await run(["ip", "-n", names.netns, "link", "set", "root0", "master", "sw0", "up"]);
  await run(["ip", "-batch", "-"], {
    stdin: [
      `addr add ${underlay.gateway}/24 dev ${names.link}`,
      `link set ${names.link} up`,
      "",
    ].join("\n"),
  });
}

/** Gives the host that runs as `pid` its eth0. */
export async function plugIn(
  names: LabNames,
  host: string,
  pid: number,
  mac: string,
): Promise<void> {
  // A host that lost power takes its end of the link with it; the kernel may need a moment for that.
  await run(["ip", "-n", names.netns, "link", "del", host], { mayFail: true });
  await run(["ip", "-n", names.netns, "-batch", "-"], {
    stdin: [
      `link add ${host} type veth peer name eth0 address ${mac} netns ${pid}`,
      `link set ${host} master sw0 up`,
      "",
    ].join("\n"),
  });
}

export async function removeSwitch(names: LabNames): Promise<void> {
  await run(["ip", "link", "del", names.link], { mayFail: true });
  if (existsSync(`/run/netns/${names.netns}`)) await run(["ip", "netns", "del", names.netns]);
}
