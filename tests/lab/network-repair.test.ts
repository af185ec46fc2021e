import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { armFault, disarmFaults } from "../../provider/host/faults.js";
import { CloudError } from "../../provider/errors.js";
import { announce } from "../../provider/network/announce.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../provider/resources/virtual-network/lifecycle.js";
import { describeLab, withLab } from "../support/lab.js";
import {
  AT_ONCE_MS,
  closeTransports,
  inContainer,
  networkInputs,
  pingable,
  runContainer,
  traces,
  transportFor,
} from "./support/network-world.js";

interface Partial {
  id: string;
  properties: VirtualNetworkState;
  reasons: string[];
}

/** What a host keeps of the network. */
const LEFT = "/var/lib/clocker/net/121";

describeLab("a network that is in the way, half made, broken or moved", () => {
  const lab = withLab("net-repair", { hosts: 3 });
  const hosts = ["h1", "h2", "h3"];
  let inputs: VirtualNetworkInputs;
  let state: VirtualNetworkState;
  let clean: string[];

  const everyTrace = () => Promise.all(hosts.map((host) => traces(lab, host)));
  const problems = async () => (await lifecycle.read("app-121", state)).props?.problems;
  const refusal = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail("it was not refused"),
      (error: unknown) => error as Error & Partial,
    );

  beforeAll(async () => {
    clean = await everyTrace();
    inputs = networkInputs(lab, "app", {
      vni: 121,
      net: "10.121",
      records: { "app-1": ["10.121.1.10"] },
    });
  });
  afterEach(disarmFaults);
  afterAll(closeTransports);

  it("refuses a foreign Docker network that overlaps, and leaves nothing on the other hosts", async () => {
    await lab.sh("h2", "docker", "network", "create", "--subnet", "10.121.64.0/24", "theirs");
    const error = await refusal(lifecycle.create(inputs));
    expect(error).toBeInstanceOf(CloudError);
    expect(error.message).toBe(
      "host h2: cannot make network app: Docker network theirs (10.121.64.0/24) overlaps 10.121.0.0/16 and is not ours\n" +
        "Remove what is in the way, or give the network another CIDR or networkId.",
    );
    expect(await lab.sh("h2", "docker", "network", "inspect", "-f", "{{.Name}}", "theirs")).toBe(
      "theirs",
    );
    await lab.sh("h2", "docker", "network", "rm", "theirs");
    expect(await everyTrace()).toEqual(clean);
  });

  it("refuses a link of the same name that is not ours", async () => {
    await lab.sh("h3", "ip", "link", "add", "cnb121", "type", "bridge");
    const error = await refusal(lifecycle.create(inputs));
    expect(error.message).toMatch(
      /^host h3: cannot make network app: there is a link cnb121 that is not ours\n/,
    );
    await lab.sh("h3", "ip", "link", "del", "cnb121");
    expect(await everyTrace()).toEqual(clean);
  });

  it("half made: says so for each host, and the next up finishes it", async () => {
    armFault("network-joined", "error", { host: "h3" });
    const error = await refusal(lifecycle.create(inputs));
    expect(error.id).toBe("app-121");
    expect(error.reasons).toEqual([
      "network app was made on 2 of 3 hosts; the next up finishes it",
      "host h1: joined",
      "host h2: joined",
      "host h3: fault at network-joined",
    ]);
    state = error.properties;
    expect((await lifecycle.diff("app-121", state, inputs)).changes).toBe(true);
    state = (await lifecycle.update("app-121", state, inputs)).outs;
    expect(state.problems).toBeUndefined();
    expect((await lifecycle.diff("app-121", state, inputs)).changes).toBe(false);
    expect(await problems()).toBeUndefined();
  });

  it("takes over what a lost create left", async () => {
    const again = (await lifecycle.create(inputs)).outs;
    expect(again.dockerIds).toEqual(state.dockerIds);
    // What the old state would remove is not its own any more.
    await lifecycle.delete("app-121", state);
    state = again;
    expect(await problems()).toBeUndefined();
  });

  it("another stack cannot take the addresses or the VNI; the error names the owner", async () => {
    const theirs = { ...inputs, networkId: "thief", meta: { ...inputs.meta, stack: "other" } };
    const error = await refusal(lifecycle.create({ ...theirs, vni: 122 }));
    expect(error.message).toMatch(
      /Docker network app-121 \(10\.121\.0\.0\/16\) overlaps 10\.121\.0\.0\/16 and belongs to p\/s\/app/,
    );
    const other = networkInputs(lab, "thief", { vni: 121, net: "10.122" });
    const taken = await refusal(
      lifecycle.create({ ...other, meta: { ...other.meta, stack: "other" } }),
    );
    expect(taken.message).toMatch(
      /Docker network app-121 uses the bridge cnb121 and belongs to p\/s\/app/,
    );
    expect(await problems()).toBeUndefined();
  });

  it("drift of every kind shows and is repaired", async () => {
    await Promise.all(
      hosts.map((host, i) => runContainer(lab, host, `app-${i + 1}`, inputs, `10.121.${i + 1}.10`)),
    );
    await lab.sh("h1", "ip", "link", "del", "cnv121");
    await lab.sh(
      "h2",
      "sh",
      "-c",
      `bridge fdb del 00:00:00:00:00:00 dev cnv121 dst ${lab.host("h1").address}`,
    );
    await lab.sh("h2", "sh", "-c", "iptables -F; iptables -t raw -F");
    await lab.sh(
      "h3",
      "sh",
      "-c",
      "kill $(cat /run/clocker/dns-121.pid); echo 10.0.0.1 evil > /var/lib/clocker/net/121/names",
    );
    const seen = await lifecycle.read("app-121", state);
    expect(seen.props?.problems).toEqual({
      h1: ["the link cnv121 is missing"],
      h2: [
        `the entry for peer ${lab.host("h1").address} is missing`,
        "firewall rules are missing or changed",
      ],
      h3: ["the names differ", "the name server is not running"],
    });
    expect(seen.inputs?.hosts).toEqual([]);
    state = (await lifecycle.update("app-121", seen.props ?? state, inputs)).outs;
    expect(await problems()).toBeUndefined();
    expect(await pingable(lab, "h1", "app-1", "10.121.3.10")).toBeTypeOf("number");
    expect(await lab.sh("h2", "iptables", "-S", "FORWARD")).toContain("-A FORWARD -j DOCKER-USER");
  });

  it("a removed Docker network is made again", async () => {
    await lab.sh("h3", "sh", "-c", "docker rm -f app-3; docker network rm app-121");
    expect((await problems())?.["h3"]).toContain("the Docker network app-121 is missing");
    state = (await lifecycle.update("app-121", { ...state, problems: { h3: ["x"] } }, inputs)).outs;
    expect(await problems()).toBeUndefined();
    await runContainer(lab, "h3", "app-3", inputs, "10.121.3.10");
    expect(await pingable(lab, "h1", "app-1", "10.121.3.10")).toBeTypeOf("number");
  });

  it("names reach a host that lost everything", async () => {
    await lab.sh("h3", "sh", "-c", "rm -rf /var/lib/clocker/net/121");
    inputs = { ...inputs, records: { ...inputs.records, late: ["10.121.3.10"] } };
    state = (await lifecycle.update("app-121", state, inputs)).outs;
    expect(await problems()).toBeUndefined();
    expect(
      (await inContainer(lab, "h3", "app-3", "nslookup", "late", "10.121.3.1")).text,
    ).toContain("10.121.3.10");
  });

  it("a login with sudo does as well as root's", async () => {
    const sudo = networkInputs(lab, "sudo", { vni: 123, net: "10.123" });
    const asUser = {
      ...sudo,
      hosts: sudo.hosts.map((host) => ({ ...host, connection: lab.connection(host.name, "sudo") })),
    };
    const made = (await lifecycle.create(asUser)).outs;
    expect((await lifecycle.read("sudo-123", made)).props?.problems).toBeUndefined();
    await lifecycle.delete("sudo-123", made);
    expect(await lifecycle.read("sudo-123", made)).toEqual({});
  });

  it("a smaller MTU reaches containers that run, if they are ours", async () => {
    const smaller = { ...inputs, mtu: 1400 };
    const error = await refusal(lifecycle.update("app-121", state, smaller));
    expect(error.reasons.join("\n")).toContain(
      "network app must be made again, but container app-1, which is not ours, is attached to it",
    );
    await Promise.all(hosts.map((host, i) => lab.sh(host, "docker", "rm", "-f", `app-${i + 1}`)));
    await Promise.all(
      hosts.map((host, i) =>
        runContainer(
          lab,
          host,
          `app-${i + 1}`,
          inputs,
          `10.121.${i + 1}.10`,
          "--label",
          "io.clocker.owner=p/s/c",
        ),
      ),
    );
    // Cut off while no container is on the network: h1 goes on by itself, h2 in the next up.
    armFault("network-removed", "drop", { host: "h1" });
    armFault("network-removed", "error", { host: "h2" });
    const cut = await refusal(lifecycle.update("app-121", error.properties, smaller));
    expect(cut.reasons.slice(1)).toEqual([
      "host h1: done",
      "host h2: fault at network-removed",
      "host h3: done",
    ]);
    expect((await problems())?.["h2"]).toContain("containers wait to be attached again");
    expect(await pingable(lab, "h1", "app-1", "10.121.2.10", 1000)).toBeUndefined();
    state = (await lifecycle.update("app-121", cut.properties, smaller)).outs;
    expect(await problems()).toBeUndefined();
    expect((await lifecycle.diff("app-121", state, smaller)).changes).toBe(false);
    expect(await lab.sh("h2", "ls", "/var/lib/clocker/net/121")).not.toContain("endpoints");
    expect((await inContainer(lab, "h1", "app-1", "ip", "-o", "link")).text).toMatch(
      /eth\d+@\S+ <[^>]*> mtu 1400/,
    );
    expect(await pingable(lab, "h1", "app-1", "10.121.2.10")).toBeTypeOf("number");
    inputs = smaller;
  });

  it("refuses an MTU that the underlay cannot carry", async () => {
    const error = await refusal(
      lifecycle.create(networkInputs(lab, "big", { vni: 129, net: "10.129", mtu: 1500 })),
    );
    expect(error.message).toContain(
      "MTU 1500 does not fit: eth0 has MTU 1500, and driver vxlan needs 50 of it",
    );
  });

  it("a fixed address that moves is a black hole until it is announced", async () => {
    await runContainer(lab, "h1", "fixed", inputs, "10.121.200.1");
    expect(await pingable(lab, "h2", "app-2", "10.121.200.1")).toBeTypeOf("number");
    await lab.sh("h1", "docker", "rm", "-f", "fixed");
    await runContainer(lab, "h3", "fixed", inputs, "10.121.200.1");
    expect(await pingable(lab, "h2", "app-2", "10.121.200.1", 1500)).toBeUndefined();
    const pid = Number(await lab.sh("h3", "docker", "inspect", "-f", "{{.State.Pid}}", "fixed"));
    const transport = transportFor(lab.connection("h3"));
    await announce(transport, { pid, address: "10.121.200.1", network: "app" });
    expect(await pingable(lab, "h2", "app-2", "10.121.200.1")).toBeLessThan(AT_ONCE_MS);
    await expect(
      announce(transport, { pid, address: "10.121.200.9", network: "app" }),
    ).rejects.toThrow(
      "host h3: cannot announce 10.121.200.9 on network app: the container does not have it",
    );
    await lab.sh("h3", "docker", "rm", "-f", "fixed");
  });

  it("blocks that change hosts are reachable at once", async () => {
    await Promise.all(
      ["h2", "h3"].map((host, i) => lab.sh(host, "docker", "rm", "-f", `app-${i + 2}`)),
    );
    const [h1, h2, h3] = inputs.hosts;
    if (!h1 || !h2 || !h3) throw new Error("three hosts");
    inputs = {
      ...inputs,
      hosts: [
        h1,
        { ...h2, block: h3.block, gateway: h3.gateway },
        { ...h3, block: h2.block, gateway: h2.gateway },
      ],
    };
    state = (await lifecycle.update("app-121", state, inputs)).outs;
    await runContainer(lab, "h3", "app-2", inputs, "10.121.2.10");
    await runContainer(lab, "h2", "app-3", inputs, "10.121.3.10");
    expect(await pingable(lab, "h1", "app-1", "10.121.2.10")).toBeLessThan(AT_ONCE_MS);
    expect(await pingable(lab, "h1", "app-1", "10.121.3.10")).toBeLessThan(AT_ONCE_MS);
    expect(await problems()).toBeUndefined();
  });

  it("a removed host that cannot be reached stays in the state, or is forgotten if so told", async () => {
    const left = `mkdir -p ${LEFT}/ports.d && echo 'tcp 8099 10.121.3.10 80 here' > ${LEFT}/ports.d/cloud
      for chain in '' -from -to; do echo ":CLK-P-121$chain - [0:0]"; done | sed '1i # 0123abcd' > ${LEFT}/policy`;
    await lab.sh("h3", "sh", "-c", left);
    await lab.kill("h3");
    const remaining = { ...inputs, hosts: inputs.hosts.filter(({ name }) => name !== "h3") };
    const error = await refusal(lifecycle.update("app-121", state, remaining));
    expect(error.properties.hosts.map(({ name }) => name)).toEqual(["h1", "h2", "h3"]);
    expect(Object.keys(error.properties.problems ?? {})).toEqual(["h3"]);
    await expect(lifecycle.read("app-121", state)).rejects.toThrow(/^host h3: /);
    const forgetting: VirtualNetworkState = {
      ...error.properties,
      hosts: error.properties.hosts.map((host) =>
        host.name === "h3"
          ? { ...host, connection: { ...host.connection, whenUnreachable: "forget" as const } }
          : host,
      ),
    };
    state = (await lifecycle.update("app-121", forgetting, remaining)).outs;
    expect(state.hosts.map(({ name }) => name)).toEqual(["h1", "h2"]);
    expect(state.problems).toBeUndefined();
    expect(Object.keys(state.dockerIds)).toEqual(["h1", "h2"]);
  });

  it("a forgotten host that is taken in again keeps nothing of what others have changed since", async () => {
    await lab.restart("h3");
    await closeTransports();
    const ours = () =>
      lab.sh(
        ...(["h3", "sh", "-c"] as const),
        `find ${LEFT}/policy ${LEFT}/*.d -type f 2>/dev/null; iptables-save | grep -cE 'CLK-(E|P)-121' || true`,
      );
    await expect.poll(ours, { timeout: 20_000 }).toMatch(/policy\n[^]*ports.d\/cloud\n[1-9]/);
    state = (await lifecycle.update("app-121", state, inputs)).outs;
    expect(await ours()).toBe("0");
    expect(await problems()).toBeUndefined();
  });
});
