import { describeDocker28 } from "../support/engines.js";
import { withLab } from "../support/lab.js";
import { driver, networkConformance } from "./support/network-conformance.js";

// What may enter and leave, and policies, are tried on Docker 28 beside the same on the machine's own Docker Engine:
// network-isolation.test.ts and network-policy.test.ts.
describeDocker28("networks over links of our own, on three hosts", (engine) => {
  const lab = withLab("net-docker28", { hosts: 3, engine });

  driver("vxlan", () => networkConformance(lab, "vxlan"));
});
