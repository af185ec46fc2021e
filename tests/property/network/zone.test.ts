import fc from "fast-check";
import { expect, it } from "vitest";
import { MARK, zoneChanges, type ZoneRecord } from "../../unit/network/zone-program.js";

const RUNS = { numRuns: 100 };
const name = fc.constantFrom("a", "b", "c", "d", "e").map((label) => `${label}.corp.example.`);
const address = fc.integer({ min: 1, max: 6 }).map((byte) => `10.42.0.${byte}`);

/** What is in a zone: names of ours, and names of others with records of any kind. */
const zones = fc
  .uniqueArray(
    fc.record({ name, ours: fc.boolean(), addresses: fc.uniqueArray(address, { minLength: 1 }) }),
    { selector: (entry) => entry.name },
  )
  .map((entries) =>
    entries.flatMap(({ name: owner, ours, addresses }): ZoneRecord[] => [
      ...addresses.map((each): ZoneRecord => [owner, "A", each]),
      [owner, "TXT", ours ? `"${MARK}"` : '"somebody else"'],
      [owner, "MX", "10 mail.corp.example."],
    ]),
  );
const wishes = fc.uniqueArray(
  fc.tuple(name, fc.constant("A"), address).map((record): ZoneRecord => record),
  { selector: (record) => record.join(" ") },
);

const key = (record: ZoneRecord) => record.join(" ");
const keys = (records: readonly ZoneRecord[]) => records.map(key).sort();

/** Does what a name server does with the lines of nsupdate, each group only if its condition holds. */
function updated(zone: readonly ZoneRecord[], changes: readonly string[]): ZoneRecord[] {
  let now = [...zone];
  let next = now;
  let holds = true;
  for (const line of changes) {
    const [verb, what, owner = "", ...rest] = line.split(" ");
    if (verb === "prereq" && what === "nxdomain") holds = !now.some(([each]) => each === owner);
    if (verb === "prereq" && what === "yxrrset")
      holds = now.some((each) => key(each) === [owner, ...rest].join(" "));
    if (verb === "prereq") next = now;
    if (verb === "update" && what === "delete")
      next = next.filter(
        ([each, type, data]) =>
          each !== owner ||
          type !== rest[0] ||
          (rest.length > 1 && data !== rest.slice(1).join(" ")),
      );
    if (verb === "update" && what === "add")
      next = [...next, [owner, rest[1]!, rest.slice(2).join(" ")]];
    if (verb === "send" && holds) now = next;
  }
  return now;
}

it("brings a zone to what is wanted in one go, touches nothing of others, and then has nothing to do", () => {
  fc.assert(
    fc.property(zones, wishes, (zone, wanted) => {
      const foreign = new Set(
        zone
          .filter(([, type, data]) => type === "TXT" && data !== `"${MARK}"`)
          .map(([owner]) => owner),
      );
      const changes = zoneChanges(zone, wanted);
      const after = updated(zone, changes);

      const ours = wanted.filter(([owner]) => !foreign.has(owner));
      expect(keys(after.filter(([owner, type]) => type === "A" && !foreign.has(owner)))).toEqual(
        keys(ours),
      );
      const others = (records: readonly ZoneRecord[]) =>
        keys(records.filter(([owner, type]) => foreign.has(owner) || type === "MX"));
      expect(others(after)).toEqual(others(zone));
      const refused = [...new Set(wanted.map(([owner]) => owner))].filter((each) =>
        foreign.has(each),
      );
      expect(changes.filter((line) => line.startsWith("foreign ")).sort()).toEqual(
        refused.map((owner) => `foreign ${owner}`).sort(),
      );
      expect(zoneChanges(after, ours)).toEqual([]);
    }),
    RUNS,
  );
});
