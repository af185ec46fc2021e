import { afterAll, expect, it } from "vitest";
import { dockerNetworkName } from "../../../provider/network/names.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import { TEST_IMAGE, type TestLab } from "../../support/lab.js";
import { closeTransports, networkInputs } from "./network-world.js";

const STATE = ["docker", "info", "--format", "{{.Swarm.LocalNodeState}}"];

/** Somebody else's service in the swarm that we made: it outlives our network. */
export function swarmGuest(lab: TestLab): void {
  const hosts = ["h1", "h2", "h3"];
  afterAll(async () => {
    for (const host of hosts)
      await lab.exec(host, [
        "sh",
        "-c",
        "docker swarm leave --force; docker network rm docker_gwbridge",
      ]);
    await closeTransports();
  });

  it("a service of somebody else's outlives the network, on the one manager that stays", async () => {
    const inputs = networkInputs(lab, "app", { driver: "swarm", vni: 103, net: "10.103" });
    const id = dockerNetworkName(inputs.networkId, inputs.vni);
    const { outs } = await lifecycle.create(inputs);
    const roles = await lab.sh("h1", "docker", "node", "ls", "--format", "{{.ManagerStatus}}");
    expect(roles.trim().split("\n").sort()).toEqual(["Leader", "Reachable", "Reachable"]);
    await lab.sh(
      ...(["h1", "docker", "service", "create", "--detach", "--no-resolve-image"] as const),
      ...["--name", "guest", TEST_IMAGE, "sleep", "100000"],
    );

    await lifecycle.delete(id, outs);

    const states = await Promise.all(hosts.map((host) => lab.sh(host, ...STATE)));
    expect(states.map((state) => state.trim()).sort()).toEqual(["active", "inactive", "inactive"]);
    const last = hosts[states.findIndex((state) => state.trim() === "active")] ?? "";
    const list = await lab.sh(last, "docker", "node", "ls", "--format", "{{.ManagerStatus}}");
    expect(list.trim()).toBe("Leader");
    const replicas = ["docker", "service", "ls", "--format", "{{.Name}} {{.Replicas}}"] as const;
    await expect
      .poll(async () => (await lab.sh(last, ...replicas)).trim(), { timeout: 30_000 })
      .toBe("guest 1/1");
    const marks = await Promise.all(
      hosts.map((host) => lab.exec(host, ["test", "-e", "/var/lib/clocker/swarm"])),
    );
    expect(marks.map(({ code }) => code)).toEqual([1, 1, 1]);
  });
}
