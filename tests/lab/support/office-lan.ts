import { afterAll, expect, it } from "vitest";
import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { TestLab } from "../../support/lab.js";
import {
  closeTransports,
  inContainer,
  networkInputs,
  pingable,
  runContainer,
} from "./network-world.js";

/** Containers as machines of the LAN that the hosts are in, with its addresses and its router. */
export function officeLan(lab: TestLab): void {
  afterAll(closeTransports);

  it("containers have addresses of the hosts' own LAN, and everybody there reaches them", async () => {
    const router = lab.inventory.gateway;
    const lan = router.split(".").slice(0, 3).join(".");
    const base = networkInputs(lab, "office", { vni: 141, net: "10.141", hostNames: ["h1", "h2"] });
    const inputs: VirtualNetworkInputs = {
      ...base,
      driver: "macvlan",
      driverOptions: { parent: "eth0", gateway: router },
      mtu: 1500,
      cidr: `${lan}.0/24`,
      hosts: base.hosts.map((host, index) => ({
        ...host,
        block: `${lan}.${128 + 16 * index}/28`,
        gateway: `${lan}.${129 + 16 * index}`,
      })),
    };
    const state = (await lifecycle.create(inputs)).outs;
    await runContainer(lab, "h1", "desk-1", inputs, `${lan}.130`);
    await runContainer(lab, "h2", "desk-2", inputs, `${lan}.146`);
    const to = async (host: string, ...argv: string[]) => (await lab.exec(host, argv)).code;
    expect(await pingable(lab, "h1", "desk-1", `${lan}.146`), "each other").toBeTypeOf("number");
    expect(await pingable(lab, "h1", "desk-1", router), "the router").toBeTypeOf("number");
    expect(await pingable(lab, "h1", "desk-1", lab.host("h3").address), "a machine").toBeTypeOf(
      "number",
    );
    expect(await to("h3", "ping", "-c", "1", "-W", "1", `${lan}.130`), "from a machine").toBe(0);
    expect(await to("h1", "ping", "-c", "1", "-W", "1", `${lan}.130`), "from their host").toBe(0);
    const way = await inContainer(lab, "h2", "desk-2", "ip", "route");
    expect(way.text).toContain(`default via ${router} `);
    expect((await lifecycle.read("office-141", state)).props?.problems).toBeUndefined();
    await lab.sh("h1", "docker", "rm", "-f", "desk-1");
    await lab.sh("h2", "docker", "rm", "-f", "desk-2");
    await lifecycle.delete("office-141", state);
    expect(await to("h3", "ping", "-c", "1", "-W", "1", lab.host("h1").address)).toBe(0);
  });
}
