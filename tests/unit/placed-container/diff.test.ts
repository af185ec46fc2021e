import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useSink } from "../../../provider/progress.js";
import { CHANGE_OF } from "../../../provider/resources/placed-container/changes.js";
import { decide } from "../../../provider/resources/placed-container/diff.js";
import { isStopFirst, revisionOf } from "../../../provider/resources/placed-container/revision.js";
import type {
  ContainerPlace,
  PlacedContainerInputs,
} from "../../../provider/resources/placed-container/inputs.js";
import { UNKNOWN } from "../../../provider/unknown.js";
import {
  connectionTo,
  DMZ,
  inputsOf,
  LAN,
  MIB,
  placeOf,
  specOf,
  stateOf,
  lifecycle,
} from "./fixtures.js";

type Change = [spec: Record<string, unknown>, place: Partial<ContainerPlace>];

const NEXT = { ...LAN, address: "10.64.0.9" };
/** Docker itself answers the names of the network. */
const BY_DOCKER = { ...LAN, gateway: "", names: "docker" as const, aliases: ["redis"] };
const PORT = { ports: [{ containerPort: 80, hostPort: 8080 }] };
const DATA = { mounts: [{ kind: "volume", name: "data", target: "/data" }] };
const READ = { mounts: [{ kind: "volume", name: "data", target: "/data", readOnly: true }] };

const none: Change = [{}, {}];
const start = (...replaces: string[]) => ({ replaces, deleteBeforeReplace: false });
const stop = (...replaces: string[]) => ({ replaces, deleteBeforeReplace: true });

const cases: [string, Change, Change, object, string | undefined][] = [
  ["nothing changes", none, none, { changes: false }, undefined],
  ["another reason", none, [{}, { reason: "kept" }], { changes: false }, undefined],
  ["another capacity", none, [{}, { capacity: { cpus: 9 } }], { changes: false }, undefined],
  ["memory", none, [{ memoryBytes: 128 * MIB }, {}], {}, "update in place: memoryBytes"],
  [
    "cpus, pids and restart",
    none,
    [{ cpus: 1, pids: 9, restart: { policy: "no" } }, {}],
    {},
    "update in place: cpus, pids, restart",
  ],
  ["how long to wait", none, [{ waitSeconds: 9 }, {}], {}, undefined],
  [
    "the connection",
    none,
    [{}, { connection: connectionTo("h1", { address: "10.0.0.9" }) }],
    {},
    undefined,
  ],
  ["the address alone", none, [{}, { networks: [NEXT] }], {}, "update in place: networks"],
  ["a further network", none, [{}, { networks: [LAN, DMZ] }], {}, "update in place: networks"],
  ["one network less", [{}, { networks: [LAN, DMZ] }], none, {}, "update in place: networks"],
  [
    "the image",
    none,
    [{ image: "clocker/web:2" }, { networks: [NEXT] }],
    start("spec"),
    "replace, start-first (image changes)",
  ],
  [
    "image and env",
    none,
    [{ image: "clocker/web:2", env: { A: "1" } }, { networks: [NEXT] }],
    start("spec"),
    "replace, start-first (image, env change)",
  ],
  [
    "the image, and the address stays",
    none,
    [{ image: "clocker/web:2" }, {}],
    stop("spec"),
    "replace, stop-first: it keeps the address 10.64.0.2 on lan (image changes)",
  ],
  [
    "the image behind a port",
    [PORT, {}],
    [{ ...PORT, image: "clocker/web:2" }, {}],
    stop("spec"),
    "replace, stop-first: host port 8080 is published on h1 (image changes)",
  ],
  [
    "the image on a volume",
    [DATA, {}],
    [{ ...DATA, image: "clocker/web:2" }, {}],
    stop("spec"),
    "replace, stop-first: volume data on h1 is written to (image changes)",
  ],
  [
    "the image on a volume that is only read",
    [READ, {}],
    [{ ...READ, image: "clocker/web:2" }, { networks: [NEXT] }],
    start("spec"),
    "replace, start-first (image changes)",
  ],
  [
    "a move",
    none,
    [{}, { host: "h2", networks: [{ ...LAN, address: "10.64.1.2", gateway: "10.64.1.1" }] }],
    start("place"),
    "replace, start-first: h1 -> h2",
  ],
  [
    "a move with a port",
    [PORT, {}],
    [PORT, { host: "h2", networks: [{ ...LAN, address: "10.64.1.2" }] }],
    start("place"),
    "replace, start-first: h1 -> h2",
  ],
  [
    "a move with a fixed address",
    none,
    [{}, { host: "h2" }],
    stop("place"),
    "replace, stop-first: h1 -> h2, it keeps the address 10.64.0.2 on lan",
  ],
  [
    "another name server",
    none,
    [{}, { networks: [{ ...NEXT, gateway: "10.64.0.5" }] }],
    start("place"),
    "replace, start-first (the name server of lan changes)",
  ],
  [
    "the image where Docker leads the names",
    [{}, { networks: [BY_DOCKER] }],
    [{ image: "clocker/web:2" }, { networks: [{ ...BY_DOCKER, address: NEXT.address }] }],
    stop("spec"),
    "replace, stop-first: Docker leads names on lan to the new one as soon as it starts (image changes)",
  ],
  [
    "other names where Docker leads them",
    [{}, { networks: [BY_DOCKER] }],
    [{}, { networks: [{ ...BY_DOCKER, aliases: ["redis", "cache"] }] }],
    {},
    "update in place: networks",
  ],
];

describe("diff", () => {
  it.each(cases)("%s", (_name, [oldSpec, oldPlace], [newSpec, newPlace], result, row) => {
    const decision = decide(stateOf(inputsOf(oldSpec, oldPlace)), inputsOf(newSpec, newPlace));
    expect(decision.result).toEqual(result);
    expect(decision.row).toBe(row);
  });

  it("a secret's value replaces, and neither value is in the row", () => {
    const secret = (value: string) => ({ secrets: [{ name: "key", value }] });
    const decision = decide(
      stateOf(inputsOf(secret("hidden-1"))),
      inputsOf(secret("hidden-2"), { networks: [NEXT] }),
    );
    expect(decision).toEqual({
      result: { replaces: ["spec"], deleteBeforeReplace: false },
      row: "replace, start-first (secrets changes)",
    });
  });

  it("another owner is another container", () => {
    const news = inputsOf();
    news.meta = { ...news.meta, name: "web-9" };
    const { result, row } = decide(stateOf(inputsOf()), news);
    expect(result).toEqual({ replaces: ["meta"], deleteBeforeReplace: true });
    expect(row).toBe(
      "replace, stop-first: it keeps the address 10.64.0.2 on lan (its owner was app/dev/web-0)",
    );
  });

  it("neither a new urn nor new timeouts change anything", () => {
    const news = inputsOf();
    news.meta = { ...news.meta, urn: "urn:other", timeouts: { create: 5 } };
    expect(decide(stateOf(inputsOf()), news)).toEqual({ result: { changes: false } });
  });

  it("drift is restored although the inputs are the same", () => {
    const olds = stateOf(inputsOf(), { state: "exited", drift: ["it is exited"] });
    expect(decide(olds, inputsOf())).toEqual({
      result: { changes: true },
      row: "restore: it is exited",
    });
  });

  it("leaves what is not known yet to the engine", () => {
    const unknownHost = inputsOf({}, { host: UNKNOWN, networks: [{ ...LAN, address: UNKNOWN }] });
    expect(decide(stateOf(inputsOf()), unknownHost).result).toEqual({});
    expect(decide(stateOf(inputsOf()), inputsOf({ env: { A: UNKNOWN } })).result).toEqual(
      stop("spec"),
    );
  });

  it("goes before what its place comes from is deleted, if it is on a network, which it would keep from going", () => {
    const asked = (olds: PlacedContainerInputs) =>
      decide(stateOf(olds), { ...olds, place: UNKNOWN as never }).result;
    expect(asked(inputsOf())).toEqual(stop("place"));
    expect(asked(inputsOf({}, { networks: [] }))).toEqual({});
  });

  describe("through the lifecycle", () => {
    const rows: string[] = [];
    beforeEach(() => {
      rows.length = 0;
      useSink((_urn, message) => rows.push(message));
    });
    afterEach(() => useSink());

    it("shows the row", async () => {
      const olds = stateOf(inputsOf(PORT));
      const news = inputsOf({ ...PORT, image: "clocker/web:2" });
      expect(await lifecycle.diff("id", olds, news)).toEqual(stop("spec"));
      expect(rows).toEqual([
        "replace, stop-first: host port 8080 is published on h1 (image changes)",
      ]);
    });

    it("ignores the provider's text", async () => {
      const olds = { ...stateOf(inputsOf()), __provider: "old" };
      const news = { ...inputsOf(), __provider: "new" };
      expect(await lifecycle.diff("id", olds, news)).toEqual({ changes: false });
    });
  });
});

describe("revision", () => {
  const other: Record<keyof typeof CHANGE_OF, unknown> = {
    cpus: 2,
    memoryBytes: 128 * MIB,
    pids: 9,
    restart: { policy: "no" },
    networks: [{ network: "dmz" }],
    pull: "never",
    waitSeconds: 9,
    stopTimeoutSeconds: 9,
    image: "x",
    command: ["x"],
    entrypoint: ["x"],
    workingDir: "/x",
    hostname: "x",
    env: { A: "1" },
    secrets: [{ name: "x", value: "y" }],
    secretEnv: { A: "1" },
    ports: [{ containerPort: 1 }],
    mounts: [{ kind: "tmpfs", target: "/x" }],
    health: { command: ["x"] },
    user: "x",
    readOnlyRoot: true,
    hardened: true,
    capabilities: { add: ["NET_RAW"] },
    extraHosts: { a: "1.1.1.1" },
    dns: ["1.1.1.1"],
    init: true,
    log: { driver: "x" },
    labels: { a: "b" },
    devices: ["/dev/x"],
    application: "x",
  };

  it.each(Object.keys(CHANGE_OF) as (keyof typeof CHANGE_OF)[])("agrees with diff on %s", (key) => {
    const news = inputsOf({ [key]: other[key] }, { networks: [NEXT] });
    const replaced =
      decide(stateOf(inputsOf({}, { networks: [NEXT] })), news).result.replaces !== undefined;
    expect(revisionOf(news.spec) !== revisionOf(specOf())).toBe(replaced);
    expect(CHANGE_OF[key] === "replace").toBe(replaced);
  });

  it("does not show a secret to who can guess", async () => {
    const { createHash } = await import("node:crypto");
    const revision = revisionOf(specOf({ secrets: [{ name: "x", value: "1234" }] }));
    expect(revision).not.toContain(createHash("sha256").update("1234").digest("hex").slice(0, 8));
    expect(revision).toMatch(/^[0-9a-f]{32}$/);
  });

  const stopFirst: [string, Record<string, unknown>, boolean][] = [
    ["nothing", {}, false],
    ["a port that is not published", { ports: [{ containerPort: 80 }] }, false],
    ["a published port", PORT, true],
    ["a volume", DATA, true],
    ["a volume that is only read", READ, false],
    ["a folder of the host", { mounts: [{ kind: "bind", source: "/srv/x", target: "/x" }] }, true],
    ["memory", { mounts: [{ kind: "tmpfs", target: "/x" }] }, false],
  ];
  it.each(stopFirst)("isStopFirst: %s", (_name, spec, expected) => {
    expect(isStopFirst(specOf(spec))).toBe(expected);
    const changed = decide(
      stateOf(inputsOf(spec)),
      inputsOf({ ...spec, image: "x" }, placeOf({ networks: [NEXT] })),
    );
    expect(changed.result.deleteBeforeReplace).toBe(expected);
  });
});
