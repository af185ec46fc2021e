import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostConnection } from "../../../provider/host/connection.js";
import { namesFile } from "../../../provider/network/dns/names-file.js";
import { HAND_OVER_PART } from "../../../provider/network/program/hand-over.js";
import type { NetworkPolicyInputs } from "../../../provider/resources/network-policy/inputs.js";
import { networkNamesLifecycle as names } from "../../../provider/resources/network-names/lifecycle.js";
import { networkPolicyLifecycle as policies } from "../../../provider/resources/network-policy/lifecycle.js";
import {
  forgetSuccessions,
  noteSuccessions,
  servingOn,
  type Succession,
  whoHasNames,
} from "../../../provider/resources/successions.js";
import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as networks } from "../../../provider/resources/virtual-network/lifecycle.js";
import { addressLeft, forgetLeaving } from "../../../provider/resources/leaving-addresses.js";
import { useSink } from "../../../provider/progress.js";
import { Twins } from "../../../provider/ipam/twins.js";
import { FakeNetworkHosts, inputsOn } from "./fake-network.js";

const OLD = "10.42.1.10";
const NEXT = "10.42.1.11";
const succession = (more: Partial<Succession> = {}): Succession => ({
  ...{ container: "web-0", host: "h1", address: OLD, next: NEXT, serves: true },
  ...more,
});

/** Hosts that answer the plan. */
let answering: HostConnection[] = [];

afterEach(() => {
  forgetSuccessions();
  forgetLeaving();
});

/** This run's plan sees these on the network app of the stack p/s. */
function sees(...successions: Succession[]): void {
  noteSuccessions("p/s/app", "p/s/cloud", { driver: "vxlan", hosts: answering, successions });
}

describe("lines of names that lead to an old container", () => {
  const ledTo = (text: string, ...addresses: string[]): string =>
    execFileSync("sh", ["-c", `${HAND_OVER_PART}\nnames_led_to "$1"`, "sh", addresses.join(" ")], {
      input: text,
      encoding: "utf8",
    });
  const records = {
    "web-0": ["10.42.1.11", "fd00::111"],
    "web-1": ["10.42.2.11"],
    web: ["10.42.1.11", "10.42.2.11", "fd00::111"],
    db: ["10.42.1.1"],
  };
  const serving = new Map([
    ["10.42.1.11", "10.42.1.10"],
    ["fd00::111", "fd00::110"],
    ["10.42.2.11", "10.42.3.10"],
  ]);

  it("name both, and are the final ones once all have taken over, in whatever order", () => {
    const final = namesFile(records, "app.clocker");
    const before = namesFile(records, "app.clocker", serving);
    expect(before).toContain("10.42.1.10 web-0.app.clocker web-0 #10.42.1.11\n");
    expect(before).toContain("fd00::110 web.app.clocker web #fd00::111\n");
    expect(before).toContain("10.42.1.1 db.app.clocker db\n");
    expect(ledTo(before, "10.42.1.11", "fd00::111", "10.42.2.11")).toBe(final);
    expect(ledTo(ledTo(before, "10.42.2.11"), "fd00::111", "10.42.1.11")).toBe(final);
  });

  it("change for the container that is ready alone, and a second time not at all", () => {
    const before = namesFile(records, "app.clocker", serving);
    const once = ledTo(before, "10.42.2.11");
    expect(once).toContain("10.42.2.11 web-1.app.clocker web-1\n");
    expect(once).toContain("10.42.1.10 web-0.app.clocker web-0 #10.42.1.11\n");
    expect(ledTo(once, "10.42.2.11")).toBe(once);
    expect(ledTo(before, "10.42.1.1", "10.42.1.110")).toBe(before);
    expect(ledTo("# 0123abcd\n", "0123abcd")).toBe("# 0123abcd\n");
  });
});

describe("what a run has seen", () => {
  it("is of both address families, of all plans of a network, and as it was seen last", () => {
    const twins = Twins.of({ cidr: "10.42.0.0/16", cidr6: "fd00::/64" })!;
    const seen = { driver: "vxlan" as const, hosts: [] };
    noteSuccessions("p/s/app", "p/s/cloud", { ...seen, successions: [succession()], twins });
    noteSuccessions("p/s/app", "p/s/cloud-2", {
      ...seen,
      successions: [succession({ address: "10.42.1.20", next: "10.42.1.21", serves: false })],
    });
    expect([...servingOn("p/s/app")]).toEqual(
      [
        [NEXT, OLD],
        ["fd00::10b", "fd00::10a"],
      ].map(([next, old]) => [
        next!.replace("fd00::10b", twins.ipv6(NEXT)!),
        old!.replace("fd00::10a", twins.ipv6(OLD)!),
      ]),
    );
    noteSuccessions("p/s/app", "p/s/cloud", { ...seen, successions: [] });
    expect([...servingOn("p/s/app")]).toEqual([]);
    expect(whoHasNames("p/s/app")).toEqual({ driver: "vxlan", hosts: [] });
    expect(whoHasNames("p/s/other")).toBeUndefined();
  });
});

describe("while a container is replaced beside the old one", () => {
  let world: FakeNetworkHosts;
  let network: VirtualNetworkInputs;

  beforeEach(async () => {
    world = await FakeNetworkHosts.install("h1", "h2");
    network = inputsOn(world.fakes, "h1", "h2");
    answering = network.hosts.map(({ connection }) => connection);
  });
  afterEach(() => world.fakes.restore());

  const replaced = (): VirtualNetworkInputs => ({
    ...network,
    records: { "web-0": [NEXT], web: [NEXT, "10.42.2.10"] },
  });
  const namesOn = (host: string) => world.documents.get(`${host} 42`)!.split("names\n")[1];

  it("the network's names lead to the old one on every host, and its state says where they will", async () => {
    const { id, outs } = await networks.create(network);
    sees(succession());
    const next = await networks.update(id, outs, replaced());
    for (const host of ["h1", "h2"])
      expect(namesOn(host)).toBe(
        `${OLD} web-0.app.clocker web-0 #${NEXT}\n` +
          `${OLD} web.app.clocker web #${NEXT}\n10.42.2.10 web.app.clocker web\n`,
      );
    expect(next.outs).toEqual({ ...outs, records: replaced().records });
    expect((await networks.diff(id, next.outs, replaced())).changes).toBe(false);
    // A refresh of what a failed up left says so, and the next update looks anew who serves.
    const seen = await networks.read(id, next.outs);
    expect(seen.props?.problems).toEqual({
      h1: ["the settings differ"],
      h2: ["the settings differ"],
    });
    sees();
    await networks.update(id, seen.props!, replaced());
    expect(namesOn("h1")).not.toContain("#");
    expect((await networks.read(id, next.outs)).props?.problems).toBeUndefined();
  });

  it("they lead to the new one at once on a host that did not answer the plan: nobody tells it later", async () => {
    const { id, outs } = await networks.create(network);
    answering = answering.slice(0, 1);
    sees(succession());
    await networks.update(id, outs, replaced());
    expect(namesOn("h1")).toContain(`${OLD} web-0.app.clocker web-0 #${NEXT}\n`);
    expect(namesOn("h2")).toContain(`${NEXT} web-0.app.clocker web-0\n`);
    expect(namesOn("h2")).not.toContain(OLD);
  });

  it("a program that takes the change back leads nowhere else", async () => {
    const { id, outs } = await networks.create(network);
    sees(succession());
    const failed = await networks.update(id, outs, replaced());
    sees(succession({ next: OLD, serves: false }));
    await networks.update(id, failed.outs, network);
    expect(namesOn("h1")).toContain(`${OLD} web-0.app.clocker web-0\n`);
    expect(namesOn("h1")).not.toContain(NEXT);
  });

  it("so do names that a later plan adds", async () => {
    await networks.create(network);
    const inputs = {
      ...{ meta: { ...network.meta, name: "cloud-2:app" }, network: "app", networkId: "app" },
      ...{ driver: network.driver, vni: 42, cidr: network.cidr, domain: network.domain },
      ...{ plan: "cloud-2", records: { late: [OLD] } },
      hosts: network.hosts.map(({ name, connection }) => ({ name, connection })),
    };
    const { id, outs } = await names.create(inputs);
    sees(succession({ container: "late" }));
    const news = { ...inputs, records: { late: [NEXT] } };
    const next = await names.update(id, outs, news);
    const file = `# ${outs.generation}\n${OLD} late.app.clocker late #${NEXT}\n`;
    expect(world.names.get("h2 42 cloud-2")).toBe(file);
    expect(await names.diff(id, next.outs, news)).toEqual({ changes: false, replaces: [] });
    expect((await names.read(id, next.outs)).props?.problems).toHaveProperty("h2");
  });

  describe("a policy", () => {
    const member = (address: string, host = "h1") => ({
      ...{ name: "web-0", application: "shop", service: "web", host, address },
    });
    const other = { ...member("10.42.2.20", "h2"), name: "client" };
    const policy = (address: string, host?: string): NetworkPolicyInputs => ({
      ...{ meta: { ...network.meta, name: "segments" }, network: "app", networkId: "app", vni: 42 },
      ...{ driver: "vxlan", cidr: network.cidr, hosts: network.hosts },
      ...{ isolate: "applications", outside: "open", rules: [] },
      members: [member(address, host), other],
    });
    const rulesOn = (host: string) => world.policies.get(`${host} 42`)!;

    beforeEach(async () => void (await networks.create(network)));

    it("knows both, and its state keeps the old one for itself", async () => {
      const { id, outs } = await policies.create(policy(OLD));
      expect(outs).not.toHaveProperty("leaving");
      sees(succession());
      const next = await policies.update(id, outs, policy(NEXT));
      expect(next.outs.leaving).toEqual([member(OLD)]);
      for (const address of [OLD, NEXT]) {
        expect(rulesOn("h1")).toContain(`-A CLK-P-42 -d ${address} -j CLK-P-42-d`);
        expect(rulesOn("h2")).toContain(`-s ${address} -j ACCEPT`);
      }
      // Nothing is left to do, whoever is seen by then.
      sees();
      expect(await policies.diff(id, next.outs, policy(NEXT))).toEqual({
        changes: false,
        replaces: [],
      });
      const seen = await policies.read(id, next.outs);
      expect(seen.props).toEqual(next.outs);
      expect(seen.inputs).toEqual(policy(NEXT));
      const later = await policies.update(id, next.outs, { ...policy(NEXT), isolate: "none" });
      expect(later.outs).not.toHaveProperty("leaving");
      expect(rulesOn("h1")).not.toContain(OLD);
    });

    it("knows the one that serves after two replacements that failed, as what it was", async () => {
      const { id, outs } = await policies.create(policy(OLD));
      sees(succession());
      const first = await policies.update(id, outs, policy(NEXT));
      const third = "10.42.1.12";
      sees(succession({ next: third }), succession({ address: NEXT, next: third, serves: false }));
      const news = policy(third);
      news.members[0] = { ...news.members[0]!, application: "other" };
      const second = await policies.update(id, first.outs, news);
      expect(second.outs.leaving).toEqual([member(OLD), member(NEXT)]);
    });

    it("forgets the old one on every host when it is gone, and not before the last of several", async () => {
      const { id, outs } = await policies.create(policy(OLD));
      const third = "10.42.1.12";
      sees(succession({ next: third }), succession({ address: NEXT, next: third, serves: false }));
      const known = { ...outs, leaving: [member(NEXT)] };
      const next = await policies.update(id, known, policy(third));
      await addressLeft("p/s/app", OLD);
      await addressLeft("p/s/other", NEXT);
      for (const host of ["h1", "h2"]) expect(rulesOn(host)).toContain(OLD);
      expect((await policies.read(id, next.outs)).props?.problems).toBeUndefined();
      await addressLeft("p/s/app", NEXT);
      for (const host of ["h1", "h2"]) {
        expect(rulesOn(host)).toContain(third);
        for (const address of [OLD, NEXT]) expect(rulesOn(host)).not.toContain(`${address} `);
      }
      expect((await policies.read(id, next.outs)).props?.problems).toBeUndefined();
    });

    it("is settled by the run that deletes the old one, whichever it is, and by a change in between", async () => {
      const { id, outs } = await policies.create(policy(OLD));
      sees(succession());
      const next = await policies.update(id, outs, policy(NEXT));
      forgetLeaving();
      await policies.diff(id, next.outs, policy(NEXT));
      await addressLeft("p/s/app", OLD);
      for (const host of ["h1", "h2"]) expect(rulesOn(host)).not.toContain(OLD);
      // or it went by hand, and the policy changes only elsewhere
      await policies.update(id, outs, policy(NEXT));
      sees();
      const later = { ...policy(NEXT), members: policy(NEXT).members };
      await policies.update(id, next.outs, later);
      for (const host of ["h1", "h2"]) expect(rulesOn(host)).not.toContain(OLD);
    });

    it.each(["died", "failed"])(
      "is settled by the deletion that is begun again after one that %s once the container was gone",
      async (how) => {
        const { id, outs } = await policies.create(policy(OLD));
        sees(succession());
        const next = await policies.update(id, outs, policy(NEXT));
        if (how === "failed") {
          world.broken.set("h2", { code: 4, stderr: "iptables: no chain" });
          await expect(addressLeft("p/s/app", OLD)).rejects.toThrow(/iptables: no chain/);
          world.broken.clear();
        }
        forgetLeaving();
        // the next run's plan does not see the container any more
        sees();
        await policies.diff(id, next.outs, policy(NEXT));
        expect(rulesOn("h2")).toContain(OLD);
        await addressLeft("p/s/app", OLD);
        for (const host of ["h1", "h2"]) expect(rulesOn(host)).not.toContain(OLD);
      },
    );

    it("waits for nobody who cannot be reached, and says so", async () => {
      const { id, outs } = await policies.create(policy(OLD));
      sees(succession());
      await policies.update(id, outs, policy(NEXT));
      const warnings: string[] = [];
      useSink((_urn, message, { warn }) => void (warn && warnings.push(message)));
      world.fakes.host("h2").down = true;
      await addressLeft("p/s/app", OLD);
      useSink();
      expect(rulesOn("h1")).not.toContain(OLD);
      expect(warnings).toEqual([
        "host h2 cannot be reached: the policy of network app knows replaced containers there until it changes",
      ]);
    });

    it("knows one that moves where it is, and nobody by an address that another member has", async () => {
      const { id, outs } = await policies.create(policy(OLD));
      sees(
        succession({ next: "10.42.2.10" }),
        succession({ container: "web-0", address: "10.42.2.20", host: "h2" }),
      );
      const next = await policies.update(id, outs, policy("10.42.2.10", "h2"));
      expect(next.outs.leaving).toEqual([member(OLD, "h1")]);
      expect(rulesOn("h1")).toContain(`-A CLK-P-42 -d ${OLD} -j CLK-P-42-d`);
    });
  });
});
