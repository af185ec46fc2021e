import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMON_PART } from "../../../provider/network/program/common.js";
import { ZONE_PART } from "../../../provider/network/zone/link.js";
import { ZONE_SERVER_PART } from "../../../provider/network/zone/server.js";

export const MARK = "io.clocker=p/s/app-42";

/** One record: `web.corp.example.`, `A`, `10.42.1.2`. */
export type ZoneRecord = readonly [name: string, type: string, data: string];

const lines = (records: readonly (readonly string[])[]): string =>
  records.map((record) => `${record.join(" ")}\n`).join("");

/** What the program on a host would tell the name server, for a zone that has `have`, with a TTL of a second, and should have `wanted`. */
export function zoneChanges(
  have: readonly ZoneRecord[],
  wanted: readonly ZoneRecord[],
  ttl = 1,
): string[] {
  const dir = mkdtempSync(join(tmpdir(), "clocker-zone-"));
  try {
    writeFileSync(
      join(dir, "have"),
      lines(have.map(([name, type, data]) => [name, "1", type, data])),
    );
    writeFileSync(join(dir, "wanted"), lines(wanted));
    const program = `${ZONE_PART}\nzone_changes "$1/have" "$1/wanted" "$2" ${ttl}`;
    return said(program, dir, MARK);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What leaving a zone says, with the name server gone, and which zones it was asked for. Settings as in a host's part. */
export function zoneLeft(before: Record<string, string>, after: Record<string, string>): string[] {
  const dir = mkdtempSync(join(tmpdir(), "clocker-zone-"));
  try {
    const settings = (each: Record<string, string>): string =>
      lines([["vni", "42"], ...Object.entries(each).map(([key, value]) => ["set", key, value])]);
    for (const folder of ["42", "new"]) mkdirSync(join(dir, folder));
    writeFileSync(join(dir, "42", "config"), settings(before));
    writeFileSync(join(dir, "42", "secrets"), "tsig c2VjcmV0\n");
    writeFileSync(join(dir, "new", "config"), settings(after));
    const program = `${COMMON_PART}${ZONE_PART}${ZONE_SERVER_PART}
ROOT=$1 new=$1/new scratch=$1/new vni=42 owner=p/s/app
dig() { return 9; }
load "$new/config"
zone_moved`;
    return said(program, dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What a host that serves its zone does about it, with a server that runs and does not answer: a line for each question, and what differs. */
export function zoneServed(variables: string): string[] {
  const dir = mkdtempSync(join(tmpdir(), "clocker-zone-"));
  try {
    const settings = {
      zone: "corp.example",
      zoneserver: "192.0.2.1",
      zoneservers: "192.0.2.1",
      zoneport: "53",
    };
    const text = lines(Object.entries(settings).map(([key, value]) => ["set", key, value]));
    writeFileSync(join(dir, "config"), text);
    const program = `${COMMON_PART}${ZONE_PART}${ZONE_SERVER_PART}
scratch=$1 config=$1/config vni=42
dig() { echo "dig $*" >> "$scratch/asked"; return 9; }
zone_dir() { echo "$scratch"; }
zone_server_pid() { echo 1; }
zone_load
zone_server_plan > "$scratch/plan"
${variables}
up_zone
[ ! -e "$scratch/asked" ] || cat "$scratch/asked"`;
    return said(program, dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The records that a zone should have for a network's file of names. */
export function zoneWanted(
  names: string,
  zone: string,
  { reverse = "", reverse6 = "" } = {},
): string[] {
  const program = `${ZONE_PART}\nzone=$1 zone_reverse=$2 zone_reverse6=$3\nprintf %s "$4" | zone_wanted`;
  return said(program, zone, reverse, reverse6, names);
}

function said(program: string, ...args: string[]): string[] {
  const text = execFileSync("sh", ["-euc", program, "sh", ...args], { encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}
