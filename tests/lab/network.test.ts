import { beforeAll, describe } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { cniChain, lanBridges } from "./support/cni-chain.js";
import { cniCheck } from "./support/cni-check.js";
import { driver, networkConformance } from "./support/network-conformance.js";
import { networkPlugin, STANDIN_MTU, STANDIN_PLUGIN } from "./support/network-plugin.js";
import { dockerNames } from "./support/docker-names.js";
import { officeLan } from "./support/office-lan.js";
import { secondLan, SECOND_LAN_MTU } from "./support/second-lan.js";
import { swarmGuest } from "./support/swarm-guest.js";
import { weaveRouters } from "./support/weave-routers.js";
import { weaveNames } from "./support/weave-names.js";
import { WEAVE_OPTIONS, weaveNet } from "./support/weave-net.js";

describeLab("networks of Docker, of the LAN and of plugins, on three hosts", () => {
  const lab = withLab("net", { hosts: 3 });

  driver("swarm", () => {
    // Docker's resolver answers for the swarm's addresses by itself, and the swarm takes its time to be back.
    networkConformance(lab, "swarm", { reverse: "app-2.app-101", bootMs: 90_000 });
  });
  driver("swarm", () => describe("with a guest", () => swarmGuest(lab)));
  driver("swarm", () => describe("with names of Docker's own", () => dockerNames(lab)));

  driver("plugin", () => {
    beforeAll(() => networkPlugin(lab));
    const by = (id: string, link: string) => ({
      mtu: STANDIN_MTU,
      driverOptions: { driver: STANDIN_PLUGIN, hostLink: link, options: { id, link } },
    });
    networkConformance(lab, "plugin", { app: by("701", "sdn1"), other: by("702", "sdn2") });
  });

  driver("weave", () => {
    beforeAll(() => weaveNet(lab));
    const sealed = { driverOptions: WEAVE_OPTIONS };
    networkConformance(lab, "weave", {
      app: { ...sealed, names: "weave", domain: "app.weave.local" },
      other: sealed,
      links: "ethwe",
      ownMacs: true,
      bootMs: 90_000,
    });
    describe("its routers", () => weaveRouters(lab));
    describe("its names", () => weaveNames(lab));
  });

  driver("macvlan", () => {
    beforeAll(() => secondLan(lab, ["lan1", "lan2"]));
    const on = (parent: string) => ({ mtu: SECOND_LAN_MTU, driverOptions: { parent } });
    networkConformance(lab, "macvlan", { app: on("lan1"), other: on("lan2") });
    describe("on the hosts' own LAN", () => officeLan(lab));
  });

  driver("cni", () => {
    beforeAll(async () => {
      await secondLan(lab, ["lan3", "lan4"]);
      await lanBridges(lab, ["lan3", "lan4"]);
    });
    const through = (bridge: string) => ({
      mtu: SECOND_LAN_MTU,
      driverOptions: { hostLink: bridge, conflist: cniChain(bridge) },
    });
    networkConformance(lab, "cni", { app: through("lanbr1"), other: through("lanbr2") });
    describe("its chain", () => cniCheck(lab, through("lanbr1")));
  });
});
