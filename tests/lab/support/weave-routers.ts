import { afterAll, expect, it } from "vitest";
import { dockerNetworkName } from "../../../provider/network/names.js";
import { planParts } from "../../../provider/network/plan.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import { TEST_IMAGE, type TestLab } from "../../support/lab.js";
import { closeTransports, networkInputs, pingable, runContainer, traces } from "./network-world.js";
import { WEAVE_OPTIONS } from "./weave-net.js";

/** What Weave's routers need of us beside carrying packets: launch, a password's change, lost hosts, other people's. */
export function weaveRouters(lab: TestLab): void {
  const id = dockerNetworkName("app", 104);
  const inputs = (change: Partial<VirtualNetworkInputs> = {}) =>
    networkInputs(lab, "app", {
      driver: "weave",
      vni: 104,
      net: "10.104",
      mtu: 1376,
      driverOptions: WEAVE_OPTIONS,
      ...change,
    });
  let state: VirtualNetworkState;
  const put = async (next: VirtualNetworkInputs): Promise<void> => {
    state = (await lifecycle.update(id, state, next)).outs;
  };
  const problems = async () => (await lifecycle.read(id, state)).props?.problems ?? {};
  const started = () => lab.sh("h1", "docker", "inspect", "-f", "{{.State.StartedAt}}", "one");

  afterAll(closeTransports);

  it("the password is in no file that others read, nor in a command", async () => {
    state = (await lifecycle.create(inputs())).outs;
    const secret = WEAVE_OPTIONS.password;
    const found = await lab.sh(
      "h1",
      ...[
        "sh",
        "-c",
        'cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -F "$1" | grep -v grep; ls -l /var/lib/clocker/net/104/secrets; grep -rlF "$1" /var/lib/clocker || true',
      ],
      ...["sh", secret.slice(0, 10)],
    );
    expect(found).toMatch(/^-rw------- 1 root root [^\n]*secrets$/);
  });

  it("another password replaces no container, and packets pass again when up is done", async () => {
    await Promise.all([
      runContainer(lab, "h1", "one", inputs(), "10.104.1.10"),
      runContainer(lab, "h2", "two", inputs(), "10.104.2.10"),
    ]);
    expect(await pingable(lab, "h1", "one", "10.104.2.10", 5000)).toBeTypeOf("number");
    const before = await started();
    const next = { driverOptions: { ...WEAVE_OPTIONS, password: "another horse, another wire" } };
    await put(inputs(next));
    expect(await pingable(lab, "h1", "one", "10.104.2.10", 5000)).toBeTypeOf("number");
    expect(await started()).toBe(before);
    expect(await problems()).toEqual({});
  });

  it("what a lost host had of Weave's range is taken back by one of the others", async () => {
    const name = (host: string) => {
      const bytes = lab
        .host(host)
        .address.split(".")
        .map((byte) => Number(byte).toString(16).padStart(2, "0"));
      return `02:63:${bytes.join(":")}`;
    };
    const range = () => lab.sh("h1", "weave", "status", "ipam");
    // Weave divides its range when somebody wants an address of it
    await lab.exec("h1", [
      "docker",
      "run",
      "-d",
      "--name",
      "guest",
      "--network",
      "weave",
      TEST_IMAGE,
      "sleep",
      "100000",
    ]);
    await expect.poll(range, { timeout: 20_000 }).toContain(name("h3"));
    await lab.kill("h3");
    const { driverOptions } = state;
    const rest = inputs({ driverOptions: driverOptions ?? {} });
    const without = {
      ...rest,
      hosts: rest.hosts.filter((host) => host.name !== "h3"),
    };
    const forgotten = state.hosts.map((host) =>
      host.name === "h3"
        ? { ...host, connection: { ...host.connection, whenUnreachable: "forget" as const } }
        : host,
    );
    state = { ...state, hosts: forgotten };
    await put(without);
    // where the router had not noticed yet, a refresh says so once it has
    const isSeen = async () =>
      (await problems())["h1"] !== undefined || !(await range()).includes(name("h3"));
    await expect.poll(isSeen, { timeout: 90_000 }).toBe(true);
    state = { ...state, problems: await problems() };
    await put(without);
    expect(await range()).not.toContain(name("h3"));
    expect(await problems()).toEqual({});
    expect(await pingable(lab, "h1", "one", "10.104.2.10", 5000)).toBeTypeOf("number");
    await Promise.all(
      ["h1", "h2"].map((host) => lab.exec(host, ["docker", "rm", "-f", "one", "two", "guest"])),
    );
    await lifecycle.delete(id, state);
    await lab.restart("h3");
  });

  it("a router that somebody else launched otherwise is refused, and stays", async () => {
    const before = await traces(lab, "h2");
    const { range, subnet } = planParts(inputs())[0]!.settings;
    const options = ["--ipalloc-range", range!, "--ipalloc-default-subnet", subnet!];
    await lab.sh(
      "h1",
      "env",
      "WEAVE_MTU=1376",
      "weave",
      "launch",
      "--name",
      "02:63:00:00:00:01",
      ...options,
    );
    await expect(lifecycle.create(inputs())).rejects.toThrow(
      "Weave's router was launched by somebody else, with encryption disabled",
    );
    expect(await lab.sh("h1", "weave", "status")).toContain("Encryption: disabled");
    await lab.sh("h1", "weave", "reset");
    expect(await traces(lab, "h2")).toBe(before);
    expect(await traces(lab, "h1")).toBe(before);
  });
}
