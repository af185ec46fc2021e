import { describe } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { networkConformance } from "./support/network-conformance.js";

describeLab("networks on three hosts", () => {
  const lab = withLab("net", { hosts: 3 });

  describe("vxlan", () => networkConformance(lab, "vxlan"));
  describe("routed", () => networkConformance(lab, "routed"));
  describe("wireguard", () => networkConformance(lab, "wireguard"));
});
