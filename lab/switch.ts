import { readdir, readFile, rmdir, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inFolder } from "./exclusive.js";
import { isMounted, unmount } from "./mounts.js";
import { SUBNETS_DIR, type LabNames } from "./names.js";
import { LabError, run } from "./run.js";
import { freeUnderlays, type Underlay } from "./subnet.js";

/**
 * Takes a subnet that neither this machine nor another lab uses. The file made exclusively is the lock: of two
 * labs that start at once only one gets it.
 */
export async function claimUnderlay(lab: string): Promise<Underlay> {
  const routes = JSON.parse((await run(["ip", "-j", "-4", "route"])).stdout) as { dst: string }[];
  for (const candidate of freeUnderlays(routes.map((route) => route.dst))) {
    const file = join(SUBNETS_DIR, String(candidate.index));
    if (await inFolder(SUBNETS_DIR, () => writeFile(file, lab, { flag: "wx" }))) return candidate;
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
  await rmdir(SUBNETS_DIR).catch(() => undefined); // in use, or gone
}

/**
 * The lab's switch: a bridge in a namespace of its own, so that this machine's firewall and bridge settings neither
 * matter nor change, and one link from this machine into it.
 */
export async function makeSwitch(names: LabNames, underlay: Underlay): Promise<void> {
  await writeFile(names.netns, "");
  await run(["unshare", `--net=${names.netns}`, "true"]);
  await inSwitch(names, ["link add sw0 type bridge", "link set sw0 up"]);
  const peer = ["peer", "name", "root0", "netns", names.netns];
  await run(["ip", "link", "add", names.link, "type", "veth", ...peer]);
  await inSwitch(names, ["link set root0 master sw0 up"]);
  await run(["ip", "addr", "add", `${underlay.gateway}/24`, "dev", names.link]);
  await run(["ip", "link", "set", names.link, "up"]);
}

/** Gives the host that runs as `pid` its eth0. */
export async function plugIn(
  names: LabNames,
  host: string,
  pid: number,
  mac: string,
): Promise<void> {
  await unplug(names, host);
  await inSwitch(names, [
    `link add ${host} type veth peer name eth0 address ${mac} netns ${pid}`,
    `link set ${host} master sw0 up`,
  ]);
}

/** A host that lost power takes its end of the link with it, but the kernel may need a moment for that. */
export async function unplug(names: LabNames, host: string): Promise<void> {
  await run([...enter(names), "ip", "link", "del", host], { mayFail: true });
}

export async function removeSwitch(names: LabNames): Promise<void> {
  await run(["ip", "link", "del", names.link], { mayFail: true });
  await unmount(names.netns);
}

/** True while the switch exists; a reboot of this machine leaves only the lab's folder. */
export async function switchExists(names: LabNames): Promise<boolean> {
  return isMounted(names.netns);
}

const enter = (names: LabNames): string[] => ["nsenter", `--net=${names.netns}`];

async function inSwitch(names: LabNames, commands: readonly string[]): Promise<void> {
  await run([...enter(names), "ip", "-batch", "-"], { stdin: `${commands.join("\n")}\n` });
}
