import { afterEach, describe, expect, it } from "vitest";
import { CloudError } from "../../../provider/errors.js";
import { armFault, disarmFaults } from "../../../provider/host/faults.js";
import type { FaultPoint } from "../../../provider/host/transport.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { useSink } from "../../../provider/progress.js";
import type { VirtualNetworkState } from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { FakeDockerd } from "../../support/fake-dockerd.js";
import { FakeNetworkHosts, inputsOn } from "./fake-network.js";

const ADDRESSES = { "web-0": "10.42.1.10", "web-1": "10.42.1.11", idle: "10.42.1.12" };

describe("a Docker network that is made again with its containers", () => {
  let world: FakeNetworkHosts;
  let docker: FakeDockerd;
  let state: VirtualNetworkState;

  const inputs = () => inputsOn(world.fakes, "h1");
  const smaller = () => ({ ...inputs(), mtu: 1400 });

  /** A network with two containers that run and one that does not. */
  async function start(): Promise<void> {
    world = await FakeNetworkHosts.install("h1");
    docker = world.fakes.host("h1").docker;
    state = (await lifecycle.create(inputs())).outs;
    for (const [name, address] of Object.entries(ADDRESSES)) addContainer(name, address);
    useSink(() => {});
  }

  function addContainer(name: string, address: string): void {
    const endpoint = { IPAMConfig: { IPv4Address: address }, Aliases: [`${name}.app`] };
    docker.addContainer(
      name,
      {
        Image: "app",
        Labels: { [LABELS.owner]: `p/s/${name}` },
        HostConfig: { NetworkMode: "app-42" },
        NetworkingConfig: { EndpointsConfig: { "app-42": endpoint } },
      },
      name !== "idle",
    );
  }

  async function end(): Promise<void> {
    disarmFaults();
    useSink();
    await world.fakes.restore();
  }
  afterEach(end);

  const attached = () =>
    Object.fromEntries(
      [...docker.containers.values()].map(({ name, networks }) => [
        name,
        networks.get("app-42")?.IPAMConfig?.IPv4Address,
      ]),
    );

  function expectWhole(): void {
    expect(attached()).toEqual(ADDRESSES);
    expect(docker.byName("web-0")?.networks.get("app-42")?.Aliases).toEqual(["web-0.app"]);
    const [network] = [...docker.networks.values()].filter(({ body }) => body.Name === "app-42");
    expect(network?.body.Options).toMatchObject({ "com.docker.network.driver.mtu": "1400" });
    expect(world.endpoints.size).toBe(0);
  }

  async function expectNothingToDo(now: VirtualNetworkState): Promise<void> {
    expect(await lifecycle.diff("app-42", now, smaller())).toMatchObject({ changes: false });
    expect((await lifecycle.read("app-42", now)).props?.problems).toBeUndefined();
  }

  it("has them back where they were", async () => {
    await start();
    const { outs } = await lifecycle.update("app-42", state, smaller());
    expectWhole();
    await expectNothingToDo(outs);
  });

  it.each<FaultPoint>(["docker-request", "exec"])(
    "brings them back in the same up when the connection is lost at any %s",
    async (point) => {
      let lost = 0;
      for (let nth = 1; nth === lost + 1; nth++) {
        await start();
        const drop = () => {
          lost = nth;
          throw new CloudError("unreachable", "the connection was lost", { host: "h1" });
        };
        armFault(point, drop, { nth });
        const { outs } = await lifecycle.update("app-42", state, smaller());
        disarmFaults();
        expectWhole();
        await expectNothingToDo(outs);
        await end();
      }
      expect(lost).toBeGreaterThan(3);
    },
  );

  it.each<FaultPoint>(["docker-request", "exec"])(
    "brings them back in the next up when the process dies at any %s",
    async (point) => {
      let died = 0;
      for (let nth = 1; nth === died + 1; nth++) {
        await start();
        const die = () => {
          died = nth;
          world.fakes.host("h1").down = true;
          throw new CloudError("unreachable", "the connection was lost", { host: "h1" });
        };
        armFault(point, die, { nth });
        await lifecycle.update("app-42", state, smaller()).catch(() => {});
        disarmFaults();
        world.fakes.host("h1").down = false;
        const { outs } = await lifecycle.update("app-42", state, smaller());
        expectWhole();
        await expectNothingToDo(outs);
        await end();
      }
      expect(died).toBeGreaterThan(3);
    },
  );

  it("leaves out those that are gone, and says of the others what is in the way", async () => {
    await start();
    armFault("network-removed", "error");
    await expect(lifecycle.update("app-42", state, smaller())).rejects.toThrow(
      "fault at network-removed",
    );
    expect(attached()).toEqual({ "web-0": undefined, "web-1": undefined, idle: "10.42.1.12" });
    expect((await lifecycle.read("app-42", state)).props?.problems?.["h1"]).toContain(
      "containers wait to be attached again",
    );
    const gone = docker.byName("web-0");
    docker.containers.delete(gone?.id ?? "");
    docker.before = (request) => {
      if (request.endsWith("/connect")) throw new Error("Address already in use");
    };
    const error: unknown = await lifecycle
      .update("app-42", state, smaller())
      .catch((e: unknown) => e);
    expect((error as CloudError).message).toContain(
      "the Docker network app-42 was made again, but not all containers could be attached to it",
    );
    docker.before = undefined;
    const { outs } = await lifecycle.update("app-42", state, smaller());
    expect(attached()).toEqual({ "web-1": "10.42.1.11", idle: "10.42.1.12" });
    expect(world.endpoints.size).toBe(0);
    await expectNothingToDo(outs);
  });
});
