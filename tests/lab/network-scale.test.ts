import { afterAll, expect, it } from "vitest";
import { CHANGES, measure } from "../../bench/network-scale.js";
import { describeLab, withLab } from "../support/lab.js";
import { closeTransports } from "./support/network-world.js";

// The same with 20 hosts and 50 networks: npm run bench -- network-scale.
describeLab("many networks", () => {
  const lab = withLab("net-scale", { hosts: 3, image: false });
  afterAll(closeTransports);

  it("cost a change of one of them no more processes than if it were alone", async () => {
    const { alone, crowded } = await measure(lab.inventory, 9);
    for (const change of CHANGES) {
      expect(alone[change], `${change}, alone`).toBeGreaterThan(5);
      expect(crowded[change] / alone[change], `${change}, beside eight others`).toBeLessThan(1.3);
    }
  });
});
