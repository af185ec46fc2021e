import { existsSync } from "node:fs";
import { bootHost, cutPower } from "./host.js";
import { hostNames, labNames, type LabNames } from "./names.js";
import { hostPid } from "./processes.js";
import { makerAlive, readInventory, readRecord } from "./record.js";
import type { HostRecord, LabRecord } from "./record.js";
import { requireRoot } from "./requirements.js";
import { LabError } from "./run.js";
import { hostAddress, underlay } from "./subnet.js";

export interface LabStatus {
  name: string;
  /** `half made`: its maker ended before it was done. */
  state: "up" | "being made" | "half made";
  subnet: string;
  hosts: { name: string; address: string; running: boolean; pid?: number }[];
}

export async function labStatus(name: string): Promise<LabStatus> {
  const names = labNames(name);
  const record = await readRecord(names);
  if (!record && !existsSync(names.dir)) throw noLab(name);
  const inventory = await readInventory(name);
  const state = inventory ? "up" : record && makerAlive(record) ? "being made" : "half made";
  const known = record && record.underlay >= 0;
  return {
    name,
    state,
    subnet: known ? underlay(record.underlay).subnet : "",
    hosts: (record?.hosts ?? []).map((host) => {
      const pid = hostPid(hostNames(names, host.name).init);
      return {
        name: host.name,
        address: known ? hostAddress(record.underlay, host.number) : "",
        running: pid !== undefined,
        ...(pid === undefined ? {} : { pid }),
      };
    }),
  };
}

function noLab(name: string): LabError {
  return new LabError(`there is no lab ${name}: make it with clocker lab up --name ${name}`);
}

async function hostOf(
  lab: string,
  host: string,
): Promise<{ names: LabNames; record: LabRecord; host: HostRecord }> {
  const names = labNames(lab);
  const record = await readRecord(names);
  if (!record) throw noLab(lab);
  requireRoot();
  const found = record.hosts.find((candidate) => candidate.name === host);
  if (!found)
    throw new LabError(
      `lab ${lab} has no host ${host}: it has ${record.hosts.map((h) => h.name).join(", ")}`,
    );
  return { names, record, host: found };
}

/** A power cut at one host. Nothing to do when it is off. */
export async function labKill(lab: string, host: string): Promise<void> {
  const { names } = await hostOf(lab, host);
  await cutPower(names, host);
}

/** Switches a host off (by power cut) and on again with the same disk; answers when it is reachable. */
export async function labRestart(lab: string, host: string): Promise<void> {
  const found = await hostOf(lab, host);
  await cutPower(found.names, host);
  await bootHost(found.names, found.record, found.host);
}

/** The argv that runs a command inside a host, for spawn. */
export async function labExecArgv(
  lab: string,
  host: string,
  argv: readonly string[],
): Promise<string[]> {
  const { names } = await hostOf(lab, host);
  const pid = hostPid(hostNames(names, host).init);
  if (pid === undefined)
    throw new LabError(
      `host ${host} of lab ${lab} is off: switch it on with clocker lab restart ${host} --name ${lab}`,
    );
  return [
    ...["nsenter", "-t", String(pid), "-m", "-u", "-i", "-n", "-p", "--"],
    ...["env", "-i", "HOME=/root", "LANG=C.UTF-8", `TERM=${process.env.TERM ?? "dumb"}`],
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ...argv,
  ];
}
