import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZONE_PART } from "../../../provider/network/zone/link.js";

export const MARK = "io.clocker=p/s/app-42";

/** One record: `web.corp.example.`, `A`, `10.42.1.2`. */
export type ZoneRecord = readonly [name: string, type: string, data: string];

const lines = (records: readonly ZoneRecord[]): string =>
  records.map((record) => `${record.join(" ")}\n`).join("");

/** What the program on a host would tell the name server, for a zone that has `have` and should have `wanted`. */
export function zoneChanges(
  have: readonly ZoneRecord[],
  wanted: readonly ZoneRecord[],
  ttl = 1,
): string[] {
  const dir = mkdtempSync(join(tmpdir(), "clocker-zone-"));
  try {
    writeFileSync(join(dir, "have"), lines(have));
    writeFileSync(join(dir, "wanted"), lines(wanted));
    const program = `${ZONE_PART}\nzone_changes "$1/have" "$1/wanted" "$2" ${ttl}`;
    return said(program, dir, MARK);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The records that a zone should have for a network's file of names. */
export function zoneWanted(names: string, zone: string, reverse: string): string[] {
  const program = `${ZONE_PART}\nzone=$1 zone_reverse=$2\nprintf %s "$3" | zone_wanted`;
  return said(program, zone, reverse, names);
}

function said(program: string, ...args: string[]): string[] {
  const text = execFileSync("sh", ["-euc", program, "sh", ...args], { encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}
