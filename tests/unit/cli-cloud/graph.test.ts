import { describe, expect, it } from "vitest";
import { topologyOf } from "../../../cli/cloud/graph/model.js";
import { topologySvg } from "../../../cli/cloud/graph/svg.js";
import { topologyText } from "../../../cli/cloud/graph/text.js";
import { sampleCloud, type SampleCloud } from "./sample-cloud.js";
import { readSvg } from "./read-svg.js";

const shop: SampleCloud = {
  networks: [{ name: "lan" }, { name: "db", driver: "wireguard", outbound: false, hosts: ["h2"] }],
  containers: [
    { name: "web-0", host: "h1", application: "shop", ports: [["", 8080, 80, "tcp"]] },
    {
      ...{ name: "redis", host: "h2", application: "data", image: "redis:7" },
      networks: ["lan", "db"],
      ports: [["192.0.2.9", 53, 53, "udp"]],
    },
  ],
  policies: {
    lan: {
      outside: "closed",
      rules: [
        { from: { application: "shop" }, to: { service: "redis" }, ports: ["6379"] },
        { from: { cidr: "198.51.100.0/24" }, to: "all" },
      ],
    },
  },
};

/** Containers, networks and addresses that nobody would choose, in names as long as they may be. */
const wild: SampleCloud = {
  hosts: ["h1", "h2", "h3", "h4", "h5"],
  networks: Array.from({ length: 12 }, (_, index) => ({
    name: `network-${index}`,
    net: 10 + index,
  })),
  containers: Array.from({ length: 23 }, (_, index) => ({
    name: `${index}-${"a-very-long-name-that-goes-on".repeat(2)}`,
    host: `h${(index % 5) + 1}`,
    application: `<b>"Tom" & 'Jerry'</b> ${"\u0007"}日本語`,
    image: `registry.example.org:5000/some/where/deep/inside/application@sha256:${"0".repeat(64)}`,
    networks: [`network-${index % 12}`, `network-${(index + 5) % 12}`],
    ports: index % 3 === 0 ? [["", 8000 + index, 80, "tcp"] as const].map((port) => [...port]) : [],
  })),
  policies: { "network-3": { rules: [{ from: "all", to: { host: "h<1>" } }] } },
};

describe("clocker graph", () => {
  it("tells of networks with their policies, and of hosts with their containers", () => {
    expect(topologyText(topologyOf(sampleCloud(shop)))).toBe(
      [
        "shop/prod",
        "",
        "network lan: vxlan 10.128.0.0/16, MTU 1450, not encrypted",
        "  policy segments: isolates applications, outside closed",
        "    lets application shop ask service redis on 6379",
        "    lets 198.51.100.0/24 ask every container",
        "",
        "network db: wireguard 10.129.0.0/16, MTU 1450, encrypted, no way out",
        "  no policy",
        "",
        "host h1 (192.0.2.1)",
        "  lan 10.128.0.0/24",
        "  - web-0: lan 10.128.0.2, publishes 8080->80/tcp",
        "",
        "host h2 (192.0.2.2)",
        "  lan 10.128.1.0/24",
        "  db 10.129.1.0/24",
        "  - redis: lan 10.128.1.2, db 10.129.1.2, publishes 192.0.2.9:53->53/udp",
      ].join("\n"),
    );
    const nothing = topologyOf(sampleCloud({ hosts: [], networks: [] }));
    expect(topologyText(nothing)).toBe("shop/prod\n\nno hosts");
  });

  it("shows machines without Docker on their networks, each with its address", () => {
    const networks = [
      { name: "lan", machines: ["db", "metal"] },
      { name: "back", hosts: ["h1"], machines: ["db"] },
    ];
    const topology = topologyOf(sampleCloud({ hosts: ["h1"], networks }));
    expect(topologyText(topology).split("\n\n").slice(3)).toEqual([
      "host h1 (192.0.2.1)\n  lan 10.128.0.0/24\n  back 10.129.0.0/24\n  no containers",
      "machine db (192.0.2.40)\n  lan 10.128.255.254\n  back 10.129.255.254",
      "machine metal (192.0.2.41)\n  lan 10.128.255.253",
    ]);
    const { texts } = readSvg(topologySvg(topology));
    expect(texts.map(({ text }) => text)).toEqual(
      expect.arrayContaining(["machine db (192.0.2.40)", "back 10.129.255.254"]),
    );
  });

  it.each([
    ["encrypted with a password", { password: "correct horse" }, "encrypted"],
    ["not without one", undefined, "not encrypted"],
  ])("says that Weave's network is %s", (_what, driverOptions, said) => {
    const networks = [
      { name: "lan", driver: "weave", ...(driverOptions ? { driverOptions } : {}) },
    ];
    expect(topologyText(topologyOf(sampleCloud({ networks })))).toContain(
      `network lan: weave 10.128.0.0/16, MTU 1450, ${said}\n`,
    );
  });

  it("draws all of it", () => {
    const { texts } = readSvg(topologySvg(topologyOf(sampleCloud(shop))));
    const said = texts.map(({ text }) => text);
    for (const text of [
      "shop/prod",
      "lan: vxlan 10.128.0.0/16, MTU 1450, not encrypted, policy segments: isolates applications, outside closed",
      "h2 (192.0.2.2)",
      "web-0",
      "published 8080->80/tcp",
      "db 10.129.1.2",
      "lets application shop ask service redis on 6379",
    ])
      expect(said).toContain(text);
  });

  it.each([
    ["a small stack", shop],
    ["one of long and strange names", wild],
    [
      "one with a machine of a long name",
      { networks: [{ name: "lan", machines: ["m".repeat(60)] }] },
    ],
    ["an empty one", { hosts: [], networks: [] }],
    ["a host without anything", { hosts: ["h1"], networks: [] }],
  ])(
    "keeps every text of %s inside its box and every box apart from the others",
    (_what, sample) => {
      const picture = readSvg(topologySvg(topologyOf(sampleCloud(sample))));
      const { width, height, texts, boxes } = picture;
      for (const { x, y, right, text } of texts) {
        expect(x, text).toBeGreaterThanOrEqual(0);
        expect(right, text).toBeLessThanOrEqual(width);
        expect(y, text).toBeLessThanOrEqual(height);
        for (const box of boxes.filter(({ kind }) => kind !== "ground")) {
          const begins = box.x <= x && x <= box.right && box.y <= y - 4 && y - 4 <= box.bottom;
          if (begins) expect(right, `${text} in ${box.kind}`).toBeLessThanOrEqual(box.right);
        }
      }
      for (const kind of ["host", "container"]) {
        const same = boxes.filter((box) => box.kind === kind);
        same.forEach((one, index) => {
          for (const other of same.slice(index + 1)) {
            const apart =
              one.right <= other.x ||
              other.right <= one.x ||
              one.bottom <= other.y ||
              other.bottom <= one.y;
            expect(apart, `${kind} boxes`).toBe(true);
          }
        });
      }
    },
  );

  it("lets nothing of a name become markup", () => {
    const svg = topologySvg(topologyOf(sampleCloud(wild)));
    expect(svg).not.toContain("<b>");
    expect(svg).not.toContain("\u0007");
    expect(readSvg(svg).texts.map(({ text }) => text)).toContain(
      "lets every container ask host h<1>",
    );
  });

  it("is drawn for light and for dark", () => {
    const svg = topologySvg(topologyOf(sampleCloud(shop)));
    expect(svg).toContain("@media (prefers-color-scheme:dark){");
  });
});
