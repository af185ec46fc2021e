import { describe } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { driver, networkConformance } from "./support/network-conformance.js";
import { wireguardSecrets } from "./support/wireguard-secrets.js";

// Beside network.test.ts, with a lab of its own: most of a driver's time is waiting for one host at a time.
describeLab("networks over links of our own, on three hosts", () => {
  const lab = withLab("net-own", { hosts: 3 });

  driver("vxlan", () => networkConformance(lab, "vxlan"));
  driver("routed", () => networkConformance(lab, "routed"));
  driver("wireguard", () => {
    networkConformance(lab, "wireguard");
    describe("its secrets", () => wireguardSecrets(lab));
  });
  driver("ovs", () => networkConformance(lab, "ovs"));
});
