import { afterAll, expect, it } from "vitest";
import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { TestLab } from "../../support/lab.js";
import { closeTransports, networkInputs, pingable, runContainer } from "./network-world.js";

/** What CNI's CHECK finds, and a chain that hands out addresses of its own. */
export function cniCheck(lab: TestLab, settings: Partial<VirtualNetworkInputs>): void {
  afterAll(closeTransports);

  const inputsOf = (change: Partial<VirtualNetworkInputs> = {}): VirtualNetworkInputs =>
    networkInputs(lab, "chain", {
      ...{ driver: "cni", vni: 151, net: "10.151", hostNames: ["h1", "h2"] },
      ...settings,
      ...change,
    });

  it("a container that fails CHECK shows in a refresh, and the next up attaches it anew", async () => {
    const inputs = inputsOf();
    let state = (await lifecycle.create(inputs)).outs;
    await runContainer(lab, "h1", "chain-1", inputs, "10.151.1.10");
    await runContainer(lab, "h2", "chain-2", inputs, "10.151.2.10");
    expect((await lifecycle.read("chain-151", state)).props?.problems).toBeUndefined();

    const pid = await lab.sh("h1", "docker", "inspect", "-f", "{{.State.Pid}}", "chain-1");
    await lab.sh("h1", "nsenter", "-t", pid, "-n", "ip", "link", "set", "eth0", "mtu", "1300");
    const seen = await lifecycle.read("chain-151", state);
    expect(seen.props?.problems).toEqual({
      h1: [
        "CNI's CHECK of 10.151.1.10: CNI plugin tuning, CHECK: Error: Tuning configured MTU of eth0 is 1450, current value is 1300",
      ],
    });
    state = (await lifecycle.update("chain-151", seen.props ?? state, inputs)).outs;
    expect((await lifecycle.read("chain-151", state)).props?.problems).toBeUndefined();
    expect(await pingable(lab, "h1", "chain-1", "10.151.2.10")).toBeTypeOf("number");

    await lab.sh("h1", "docker", "rm", "-f", "chain-1");
    await lab.sh("h2", "docker", "rm", "-f", "chain-2");
    await lifecycle.delete("chain-151", state);
  });

  it("a chain that hands out another address than the planned one is refused", async () => {
    const range = [{ subnet: "10.152.0.0/16" }];
    const conflist = JSON.stringify({
      cniVersion: "0.4.0",
      name: "own",
      plugins: [
        {
          ...{ type: "bridge", bridge: "lanbr1", mtu: 1450, capabilities: { ips: true } },
          ipam: { type: "host-local", ranges: [range], dataDir: "/run/clocker-test-ipam" },
        },
      ],
    });
    const inputs = inputsOf({ driverOptions: { ...settings.driverOptions, conflist } });
    const state = (await lifecycle.create(inputs)).outs;
    await expect(runContainer(lab, "h1", "chain-1", inputs, "10.151.1.10")).rejects.toThrow(
      /10\.151\.1\.10/,
    );
    await lab.sh("h1", "docker", "rm", "-f", "chain-1");
    await lifecycle.delete("chain-151", state);
  });
}
