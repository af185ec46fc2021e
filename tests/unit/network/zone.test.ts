import { describe, expect, it } from "vitest";
import { zoneProblems } from "../../../provider/network/zone/check.js";
import { zoneSettings } from "../../../provider/network/zone/zone.js";
import { planParts } from "../../../provider/network/plan.js";
import { partDocument } from "../../../provider/network/run-program.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import { FakeHosts } from "../../support/fake-transport.js";
import { inputsOn } from "./fake-network.js";
import {
  MARK,
  zoneChanges,
  zoneLeft,
  zoneServed,
  zoneWanted,
  type ZoneRecord,
} from "./zone-program.js";

const KEY = { name: "clocker", secret: "c2VjcmV0IG9mIHRoZSBrZXk=" };
const ZONE = { server: "192.0.2.53", zone: "corp.example", key: KEY };

describe("records of a zone", () => {
  it("are every name's addresses, and one name for each address in the zone of addresses", () => {
    const names =
      "10.42.1.2 web-0.app.clocker web-0\n10.42.1.2 web.app.clocker web\n10.42.2.2 web.app.clocker web\n10.43.0.1 far.app.clocker far\n";
    expect(zoneWanted(names, "corp.example", { reverse: "42.10.in-addr.arpa" })).toEqual([
      "web-0.corp.example. A 10.42.1.2",
      "2.1.42.10.in-addr.arpa. PTR web-0.corp.example.",
      "web.corp.example. A 10.42.1.2",
      "web.corp.example. A 10.42.2.2",
      "2.2.42.10.in-addr.arpa. PTR web.corp.example.",
      "far.corp.example. A 10.43.0.1",
    ]);
    expect(zoneWanted("10.42.1.2 Web.app.clocker Web\n", "corp.example")).toEqual([
      "web.corp.example. A 10.42.1.2",
    ]);
    const both = "10.42.1.2 web.app.clocker web\nfd42::a2a:102 web.app.clocker web\n";
    expect(zoneWanted(both, "corp.example")).toEqual([
      "web.corp.example. A 10.42.1.2",
      "web.corp.example. AAAA fd42::a2a:102",
    ]);
  });
});

describe("changes of a zone", () => {
  const ours = (name: string, ...addresses: string[]): ZoneRecord[] => [
    ...addresses.map((address): ZoneRecord => [name, "A", address]),
    [name, "TXT", `"${MARK}"`],
  ];
  const web = "web.corp.example.";

  it("another TTL is a change of every name", () => {
    expect(zoneChanges(ours(web, "10.42.1.2"), [[web, "A", "10.42.1.2"]], 60)).toContain(
      `update add ${web} 60 A 10.42.1.2`,
    );
  });

  it.each<[string, ZoneRecord[], ZoneRecord[], string[]]>([
    [
      "a new name is made where nobody has it",
      [["corp.example.", "SOA", "ns.corp.example. root.corp.example. 1 2 3 4 5"]],
      [[web, "A", "10.42.1.2"]],
      [
        `prereq nxdomain ${web}`,
        `update add ${web} 1 A 10.42.1.2`,
        `update add ${web} 1 TXT "${MARK}"`,
        "send",
      ],
    ],
    ["nothing is done where all is there", ours(web, "10.42.1.2"), [[web, "A", "10.42.1.2"]], []],
    [
      "order and case are no difference",
      ours("WEB.corp.example.", "10.42.1.3", "10.42.1.2"),
      [
        [web, "A", "10.42.1.2"],
        [web, "A", "10.42.1.3"],
      ],
      [],
    ],
    [
      "a move exchanges the addresses in one step",
      ours(web, "10.42.1.2"),
      [[web, "A", "10.42.2.2"]],
      [
        `prereq yxrrset ${web} TXT "${MARK}"`,
        `update delete ${web} A`,
        `update delete ${web} AAAA`,
        `update delete ${web} PTR`,
        `update add ${web} 1 A 10.42.2.2`,
        "send",
      ],
    ],
    [
      "a name that is gone takes its mark along, and nothing else",
      ours(web, "10.42.1.2"),
      [],
      [
        `prereq yxrrset ${web} TXT "${MARK}"`,
        `update delete ${web} A`,
        `update delete ${web} AAAA`,
        `update delete ${web} PTR`,
        `update delete ${web} TXT "${MARK}"`,
        "send",
      ],
    ],
    ["what others have is left alone", [["mail.corp.example.", "A", "192.0.2.9"]], [], []],
    [
      "a name that somebody else has is said",
      [
        [web, "A", "192.0.2.9"],
        [web, "TXT", '"io.clocker=p/other/app-7"'],
      ],
      [[web, "A", "10.42.1.2"]],
      [`foreign ${web}`],
    ],
  ])("%s", (_what, have, wanted, changes) => {
    expect(zoneChanges(have, wanted)).toEqual(changes);
  });
});

describe("the addresses' own names", () => {
  const REVERSE = "42.10.in-addr.arpa";
  const REVERSE6 = "0.0.2.4.0.0.0.0.d.f.ip6.arpa";
  const names = [
    "10.42.1.2 web.app.clocker web",
    "fd00:42::102 web.app.clocker web",
    "fd00:42:0:0:0:0:0:102 other.app.clocker other",
    "fd00:42:0:1:a:b:c:def0 far.app.clocker far",
    "2001:db8::1 else.app.clocker else",
  ]
    .map((line) => `${line}\n`)
    .join("");
  const digits = (text: string) => `${[...text].reverse().join(".")}.ip6.arpa.`;

  it("are made in the zone of each family, one for an address, and none of what is in neither", () => {
    const reverse = zoneWanted(names, "corp.example", { reverse: REVERSE, reverse6: REVERSE6 });
    expect(reverse.filter((line) => line.includes(" PTR "))).toEqual([
      "2.1.42.10.in-addr.arpa. PTR web.corp.example.",
      `${digits("fd000042000000000000000000000102")} PTR web.corp.example.`,
      `${digits("fd00004200000001000a000b000cdef0")} PTR far.corp.example.`,
    ]);
    expect(reverse).toContain("else.corp.example. AAAA 2001:db8::1");
    const alone = zoneWanted(names, "corp.example");
    expect(alone.filter((line) => line.includes(" PTR "))).toEqual([]);
  });
});

describe("leaving a zone whose name server is gone", () => {
  const settings = zoneSettings(
    { ...ZONE, reverseZone: "42.10.in-addr.arpa", reverseZone6: "2.4.0.0.0.0.d.f.ip6.arpa" },
    "h1",
    [],
  );
  const gone = (zone: string) =>
    `warning the name server 192.0.2.53 does not answer on port 53: the network's names stay in the zone ${zone} there`;

  it.each<[string, Record<string, string>, string[]]>([
    ["another server of the same zone", { ...settings, zoneserver: "192.0.2.54" }, []],
    ["another port", { ...settings, zoneport: "5353" }, []],
    [
      "another zone of addresses",
      { ...settings, zonereverse: "101.10.in-addr.arpa" },
      [gone("42.10.in-addr.arpa")],
    ],
    [
      "another zone of IPv6 addresses",
      { ...settings, zonereverse6: "1.4.0.0.0.0.d.f.ip6.arpa" },
      [gone("2.4.0.0.0.0.d.f.ip6.arpa")],
    ],
    ["another zone", { ...settings, zone: "app.example" }, [gone("corp.example")]],
    [
      "none",
      {},
      ["corp.example", "42.10.in-addr.arpa", "2.4.0.0.0.0.d.f.ip6.arpa"].map((zone) => gone(zone)),
    ],
  ])("for %s warns of what stays there, and fails never", (_what, after, warnings) => {
    expect(zoneLeft(settings, after)).toEqual(warnings);
  });
});

describe("a name server of our own that does not answer", () => {
  it("keeps nobody waiting at boot", () => {
    expect(zoneServed("fix=1 booting=yes")).toEqual([]);
  });

  it("differs in a check, which gives it the time that a busy host takes", () => {
    expect(zoneServed("fix=0")).toEqual([
      "differs the zone's name server does not answer",
      "dig -p 53 @192.0.2.1 +time=5 +tries=1 corp.example SOA",
    ]);
  });
});

describe("a network's zone", () => {
  it.each<[unknown, string[]]>([
    [undefined, []],
    [ZONE, []],
    [UNKNOWN, []],
    [{ ...ZONE, key: UNKNOWN }, []],
    [{ ...ZONE, port: 5353, ttl: 5, reverseZone: "42.10.in-addr.arpa", server: UNKNOWN }, []],
    ["corp.example", ["zone must be an object: server, zone, key; or hosts, and zone"]],
    [{ zone: "corp.example", server: "192.0.2.53" }, ["zone.key must be an object: name, secret"]],
    [
      {
        zone: "Corp.example",
        server: "ns.example",
        port: 0,
        key: { secret: "a secret" },
        view: "x",
      },
      [
        "zone.key.name must be given",
        "zone.zone must be a zone in small letters, such as app.example.org",
        "zone.server must be the IPv4 address of the zone's primary server",
        "zone.port must be a whole number from 1 to 65535",
        "zone.view is no property of a zone",
        "zone.key.secret must be the key's secret in base64, as tsig-keygen prints it",
      ],
    ],
    [
      { ...ZONE, reverseZone6: "42.10.in-addr.arpa" },
      ["zone.reverseZone6 must be a zone of IPv6 addresses, such as 1.0.1.0.0.0.d.f.ip6.arpa"],
    ],
    [{ ...ZONE, reverseZone6: "2.4.0.0.0.0.d.f.ip6.arpa" }, []],
    [
      { ...ZONE, reverseZone: "corp.example", key: { ...KEY, algorithm: "hmac-md5" } },
      [
        "zone.reverseZone must be a zone of addresses, such as 101.10.in-addr.arpa",
        "zone.key.algorithm must be one of hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512",
      ],
    ],
    [{ hosts: ["h1"], zone: "corp.example", port: 5353, ttl: 5 }, []],
    [{ hosts: UNKNOWN, zone: "corp.example" }, []],
    [{ hosts: [UNKNOWN, "h1"], zone: UNKNOWN }, []],
    [
      { ...ZONE, hosts: [] },
      [
        "zone.server must be left out: the hosts have servers of their own",
        "zone.key must be left out: the hosts have servers of their own",
        "zone.hosts must be a list of the network's hosts",
      ],
    ],
    [
      { hosts: ["h1", "m1"], reverseZone: "42.10.in-addr.arpa" },
      [
        'zone.hosts has "m1", which is no host of the network: those are h1, h2',
        "zone.zone must be given",
      ],
    ],
  ])("is checked before anything is made, case %#", (zone, problems) => {
    const hosts = [{ name: "h1" }, { name: "h2" }, { name: "m1", machine: true }];
    expect(
      zoneProblems(zone, hosts).map(({ property, reason }) => `${property} ${reason}`),
    ).toEqual(problems);
  });

  it("goes to the hosts as settings, and its key's secret apart from them", () => {
    const [part] = planParts({ ...inputsOn(new FakeHosts(), "h1"), zone: ZONE });
    const document = partDocument(part!).split("\n");
    expect(document[0]).toBe(`secret tsig ${Buffer.from(KEY.secret).toString("base64")}`);
    expect(document.filter((line) => line.startsWith("set zone"))).toEqual([
      "set zone corp.example",
      "set zoneserver 192.0.2.53",
      "set zoneport 53",
      "set zonettl 1",
      "set zonekey clocker",
      "set zonealgorithm hmac-sha256",
    ]);
    expect(document.slice(1).join("\n")).not.toContain(KEY.secret);
  });

  it("of our own is the matter of the hosts that serve it, which know no key of ours", () => {
    const parts = planParts({
      ...inputsOn(new FakeHosts(), "h1", "h2", "h3"),
      zone: { hosts: ["h3", "h1"], zone: "corp.example", reverseZone: "42.10.in-addr.arpa" },
    });
    const documents = parts.map((part) => partDocument(part).split("\n"));
    const underlays = parts.map(({ underlay }) => underlay);
    expect(
      documents.map((lines) => lines.filter((line) => /^(set zone|secret)/.test(line))),
    ).toEqual([
      [
        "set zone corp.example",
        `set zoneserver ${underlays[0]}`,
        "set zoneport 53",
        "set zonettl 1",
        "set zonereverse 42.10.in-addr.arpa",
        `set zoneservers ${underlays[0]},${underlays[2]}`,
      ],
      [],
      [
        "set zone corp.example",
        `set zoneserver ${underlays[2]}`,
        "set zoneport 53",
        "set zonettl 1",
        "set zonereverse 42.10.in-addr.arpa",
        `set zoneservers ${underlays[0]},${underlays[2]}`,
      ],
    ]);
  });

  it("has no secret for a machine, which asks no name server", () => {
    const inputs = inputsOn(new FakeHosts(), "h1", "m1");
    const [host, machine] = inputs.hosts;
    const parts = planParts({
      ...inputs,
      hosts: [host!, { ...machine!, machine: true }],
      zone: ZONE,
    });
    expect(parts.map(({ secrets }) => secrets)).toEqual([{ tsig: KEY.secret }, undefined]);
  });
});
