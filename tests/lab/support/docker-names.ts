import { afterAll, beforeAll, expect, it } from "vitest";
import { dockerNetworkName } from "../../../provider/network/names.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { TestLab } from "../../support/lab.js";
import {
  closeTransports,
  inContainer,
  networkInputs,
  runContainer,
  traces,
} from "./network-world.js";

/** Docker's own resolver as the only name server of networks: of a swarm on three hosts, and of one host. */
export function dockerNames(lab: TestLab): void {
  let swarm: VirtualNetworkInputs;
  let alone: VirtualNetworkInputs;
  const states: VirtualNetworkState[] = [];
  let before: string[];

  /** As PlacedContainer makes it: its names come along, and the network's domain is searched. */
  const run = (host: string, name: string, network: VirtualNetworkInputs, address: string) =>
    runContainer(
      lab,
      host,
      name,
      network,
      address,
      "--dns-search",
      network.domain,
      ...[name, "web"].flatMap((each) => [
        "--network-alias",
        each,
        "--network-alias",
        `${each}.${network.domain}`,
      ]),
    );
  const idOf = ({ networkId, vni }: VirtualNetworkState) => dockerNetworkName(networkId, vni);
  const asked = async (host: string, from: string, name: string) =>
    (await inContainer(lab, host, from, "nslookup", name)).text;

  beforeAll(async () => {
    swarm = networkInputs(lab, "app", {
      ...{ driver: "swarm", vni: 108, net: "10.108", names: "docker" },
    });
    alone = networkInputs(lab, "alone", {
      ...{ vni: 109, net: "10.109", names: "docker", hostNames: ["h1"] },
    });
    before = await Promise.all(lab.hosts.map(({ name }) => traces(lab, name)));
    for (const inputs of [swarm, alone]) states.push((await lifecycle.create(inputs)).outs);
    await Promise.all([
      run("h1", "web-1", swarm, "10.108.1.10"),
      run("h2", "web-2", swarm, "10.108.2.10"),
      run("h1", "solo", alone, "10.109.1.10"),
      run("h1", "peer", alone, "10.109.1.11"),
    ]);
  });
  afterAll(closeTransports);

  it("plain, full and shared names are answered across the swarm's hosts, and addresses by Docker's names", async () => {
    // a swarm that has just been made takes its time to tell of the first containers
    for (const name of ["web-2", `web-2.${swarm.domain}`])
      await expect
        .poll(() => asked("h1", "web-1", name), { timeout: 20_000 })
        .toContain("10.108.2.10");
    await expect
      .poll(() => asked("h2", "web-2", "web"), { timeout: 20_000 })
      .toMatch(/10\.108\.1\.10[^]*10\.108\.2\.10|10\.108\.2\.10[^]*10\.108\.1\.10/);
    expect(await asked("h1", "web-1", "10.108.2.10")).toContain("name = web-2.app-108");
  });

  it("so are those of a network of one host, and of no other network", async () => {
    for (const name of ["peer", `peer.${alone.domain}`])
      expect(await asked("h1", "solo", name), name).toContain("10.109.1.11");
    expect(await asked("h1", "solo", "web")).not.toContain("10.108.");
    expect(await asked("h1", "web-1", "solo")).not.toContain("10.109.");
  });

  it("a move is followed within a second, and nobody of ours answers beside Docker", async () => {
    await lab.sh("h2", "docker", "rm", "-f", "web-2");
    await run("h3", "web-2", swarm, "10.108.3.10");
    await expect
      .poll(() => asked("h1", "web-1", "web-2"), { timeout: 1000, interval: 50 })
      .toContain("10.108.3.10");
    expect(await asked("h1", "web-1", "web-2")).not.toContain("10.108.2.10");
    expect(await lab.sh("h1", "sh", "-c", "ps -ef | grep -c '[d]nsmasq' || true")).toMatch(/^0/);
    const problems = async () =>
      (await Promise.all(states.map((state) => lifecycle.read(idOf(state), state)))).flatMap(
        ({ props }) => (props?.problems ? [props.problems] : []),
      );
    // Docker takes a moment to give up its end on the host that the last container left
    await expect.poll(problems, { timeout: 10_000 }).toEqual([]);
  });

  it("and nothing of them stays", async () => {
    for (const host of ["h1", "h3"])
      await lab.sh(host, "sh", "-c", "docker rm -f $(docker ps -aq) >/dev/null 2>&1 || true");
    for (const state of states) await lifecycle.delete(idOf(state), state);
    expect(await Promise.all(lab.hosts.map(({ name }) => traces(lab, name)))).toEqual(before);
  });
}
