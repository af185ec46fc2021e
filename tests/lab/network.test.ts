import { beforeAll, describe } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { networkConformance } from "./support/network-conformance.js";
import { officeLan } from "./support/office-lan.js";
import { secondLan, SECOND_LAN_MTU } from "./support/second-lan.js";
import { wireguardSecrets } from "./support/wireguard-secrets.js";

describeLab("networks on three hosts", () => {
  const lab = withLab("net", { hosts: 3 });

  describe("vxlan", () => networkConformance(lab, "vxlan"));
  describe("routed", () => networkConformance(lab, "routed"));
  describe("wireguard", () => networkConformance(lab, "wireguard"));
  describe("wireguard keeps secrets", () => wireguardSecrets(lab));
  describe("macvlan on the hosts' own LAN", () => officeLan(lab));
  describe("macvlan", () => {
    beforeAll(() => secondLan(lab, ["lan1", "lan2"]));
    networkConformance(lab, "macvlan", {
      app: { mtu: SECOND_LAN_MTU, driverOptions: { parent: "lan1" } },
      other: { mtu: SECOND_LAN_MTU, driverOptions: { parent: "lan2" } },
    });
  });
});
