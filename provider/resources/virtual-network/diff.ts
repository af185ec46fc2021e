import { changedKeys, same } from "../../canonical.js";
import { ownerOf } from "../../host/ownership.js";
import { overlaps, parseCidr } from "../../ipam/cidr.js";
import type { DiffResult } from "../../lifecycle.js";
import { DRIVERS } from "../../network/drivers.js";
import { hasUnknown, isUnknown } from "../../unknown.js";
import { JOINS_NOW, noteJoins } from "../network-joins.js";
import { listing } from "../../placement/words.js";
import { progress } from "../../progress.js";
import { restoreRow } from "../restore-row.js";
import { namesOn } from "./in-use.js";
import type { VirtualNetworkInputs, VirtualNetworkState } from "./inputs.js";
import { STATE_KEYS } from "./state.js";

/** What a network cannot change while it lives: its names on the hosts, and its containers' addresses and resolvers follow from it. */
const FIXED = ["cidr", "cloud", "driver", "names", "networkId", "vni"] as const;

/** A broken host in the state is a change by itself, so that the next up repairs it; the row says what is wrong there. */
export async function diff(
  _id: string,
  olds: VirtualNetworkState,
  news: VirtualNetworkInputs,
): Promise<DiffResult> {
  noteJoins(ownerOf(olds.meta), joinsAfter(olds, news, JOINS_NOW));
  const changed = changedKeys(olds, news, ["meta", ...STATE_KEYS]);
  const replaces = replacedKeys(olds, news);
  const broken = Object.keys(olds.problems ?? {}).length > 0;
  if (replaces.length === 0) showRow(olds, news);
  return {
    changes: changed.length > 0 || replaces.length > 0 || broken,
    replaces,
    ...(replaces.length > 0 ? { deleteBeforeReplace: !fitsBeside(olds, news) } : {}),
  };
}

/** The words of the hosts that stay, and `word` for each that comes. */
export function joinsAfter(
  olds: VirtualNetworkState,
  { hosts }: Pick<VirtualNetworkInputs, "hosts">,
  word: string,
): Record<string, string> {
  const before = new Set(olds.hosts.map(({ name }) => name));
  const named: unknown = hosts;
  if (!Array.isArray(named)) return { ...olds.joins };
  return Object.fromEntries(
    hosts.flatMap(({ name }): [string, string][] => {
      if (isUnknown(name)) return [];
      const known = before.has(name) ? olds.joins?.[name] : word;
      return known === undefined ? [] : [[name, known]];
    }),
  );
}

/** What is wrong on hosts, and which hosts are left only by the next up. */
function showRow(olds: VirtualNetworkState, news: VirtualNetworkInputs): void {
  const later = stillUsed(olds, news).map(
    ({ host, containers }) => `${host} leaves with the next up (${containers} there until then)`,
  );
  const row = [restoreRow(olds.problems), ...later].filter((part) => part !== undefined);
  if (row.length > 0) progress(row.join("; "));
}

/**
 * Hosts that are taken out while containers are on them, by the names that the network had for them: those go at the end of the up, when the network
 * has been updated.
 */
function stillUsed(
  olds: VirtualNetworkState,
  news: VirtualNetworkInputs,
): { host: string; containers: string }[] {
  if (!isList(news.hosts) || !isList(olds.hosts) || hasUnknown(news.hosts)) return [];
  const staying = new Set(news.hosts.map(({ name }) => name));
  return olds.hosts.flatMap((host) => {
    if (staying.has(host.name) || host.machine === true || olds.problems?.[host.name]) return [];
    const containers = namesOn(olds.records, host);
    return containers.length > 0 ? [{ host: host.name, containers: listing(containers, 3) }] : [];
  });
}

const isList = (value: unknown): boolean => Array.isArray(value);

/** What of the change makes another network. */
export function replacedKeys(olds: VirtualNetworkInputs, news: VirtualNetworkInputs): string[] {
  const changed = changedKeys(olds, news, ["meta", ...STATE_KEYS]);
  const replaces: string[] = FIXED.filter((key) => changed.includes(key) && !isUnknown(news[key]));
  if (!isUnknown(news.meta) && ownerOf(olds.meta) !== ownerOf(news.meta)) replaces.push("meta");
  if (!hasUnknown(news.driverOptions) && driverOptionsReplace(olds, news))
    replaces.push("driverOptions");
  for (const key of DRIVERS[olds.driver]?.plan.fixedInputs ?? []) {
    if (changed.includes(key) && !isUnknown(news[key])) replaces.push(key);
  }
  return replaces;
}

/** Options that a network cannot change while it lives. */
function driverOptionsReplace(olds: VirtualNetworkInputs, news: VirtualNetworkInputs): boolean {
  const fixed = DRIVERS[olds.driver]?.plan.fixedOptions ?? [];
  return fixed.some((key) => !same(olds.driverOptions?.[key], news.driverOptions?.[key]));
}

/** Old and new can be on a host together: other link names, other addresses. */
export function fitsBeside(olds: VirtualNetworkInputs, news: VirtualNetworkInputs): boolean {
  if (olds.vni === news.vni) return false;
  return !meet(olds.cidr, news.cidr) && !meet(olds.cidr6, news.cidr6);
}

function meet(old: string | undefined, next: string | undefined): boolean {
  if (old === undefined || next === undefined || isUnknown(old) || isUnknown(next)) return false;
  const [one, other] = [parseCidr(old), parseCidr(next)];
  return one !== undefined && other !== undefined && overlaps(one, other);
}
