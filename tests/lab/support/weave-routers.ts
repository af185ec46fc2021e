import { afterAll, expect, it } from "vitest";
import { dockerNetworkName } from "../../../provider/network/names.js";
import { planParts } from "../../../provider/network/plan.js";
import type {
  VirtualNetworkInputs,
  VirtualNetworkState,
} from "../../../provider/resources/virtual-network/inputs.js";
import { virtualNetworkLifecycle as lifecycle } from "../../../provider/resources/virtual-network/lifecycle.js";
import type { TestLab } from "../../support/lab.js";
import { closeTransports, networkInputs, pingable, runContainer, traces } from "./network-world.js";
import { WEAVE_OPTIONS } from "./weave-net.js";

/** What Weave's routers need of us beside carrying packets: launch, a password's change, other people's. */
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
    expect(await commandsWith(lab, "h1", WEAVE_OPTIONS.password)).toBe("none");
    const witness = 'sh -c "sleep 5; :" sh "$secret" >/dev/null & sleep 0.5';
    expect(await commandsWith(lab, "h1", WEAVE_OPTIONS.password, witness)).toBe("some");
    const files = await withSecret(
      lab,
      "h1",
      WEAVE_OPTIONS.password,
      'ls -l /var/lib/clocker/net/104/secrets; printf "%s\\n" "$secret" | grep -rlFf - /var/lib/clocker || true',
    );
    expect(files).toMatch(/^-rw------- 1 root root [^\n]*secrets$/);
  });

  it("another password replaces no container, and packets pass again when up is done", async () => {
    await Promise.all([
      runContainer(lab, "h1", "one", inputs(), "10.104.1.10"),
      runContainer(lab, "h2", "two", inputs(), "10.104.2.10"),
    ]);
    expect(await pingable(lab, "h1", "one", "10.104.2.10")).toBeTypeOf("number");
    const before = await started();
    const next = { driverOptions: { ...WEAVE_OPTIONS, password: "another horse, another wire" } };
    await put(inputs(next));
    expect(await pingable(lab, "h1", "one", "10.104.2.10")).toBeTypeOf("number");
    expect(await started()).toBe(before);
    expect(await problems()).toEqual({});
    await lab.sh("h1", "docker", "rm", "-f", "one");
    await lab.sh("h2", "docker", "rm", "-f", "two");
    await lifecycle.delete(id, state);
  });

  it("what a lost host held of Weave's range is taken back, and the host can come again", async () => {
    const held = () => lab.sh("h1", "weave", "status", "ipam");
    const shares = async () => (await held()).match(/IPs \(/g)?.length;
    state = (await lifecycle.create(inputs())).outs;
    await expect.poll(shares).toBe(3);
    await lab.sh("h3", "weave", "stop");
    const away = (host: VirtualNetworkInputs["hosts"][number]) => ({
      ...host,
      connection: { ...host.connection, port: 1, whenUnreachable: "forget" as const },
    });
    state.hosts = state.hosts.map((host) => (host.name === "h3" ? away(host) : host));
    await put(inputs({ hosts: inputs().hosts.filter(({ name }) => name !== "h3") }));
    expect(await problems()).toEqual({});
    expect(await held()).not.toContain("unreachable");
    expect(await shares()).toBe(2);
    // It asks for addresses anew: what it had is another's now.
    await put(inputs());
    expect(await problems()).toEqual({});
    expect(await held()).not.toContain("unreachable");
    await lifecycle.delete(id, state);
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

/** Whether a running command has the secret among its arguments; `first` runs before the look. */
const commandsWith = (lab: TestLab, host: string, secret: string, first = ":"): Promise<string> =>
  withSecret(
    lab,
    host,
    secret,
    `${first}
    case $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n") in *"$secret"*) echo some ;; *) echo none ;; esac`,
  );

/** Runs a script that knows the secret by standard input, so that whoever looks for it does not find the look. */
async function withSecret(
  lab: TestLab,
  host: string,
  secret: string,
  script: string,
): Promise<string> {
  const { stdout } = await lab.exec(host, ["sh", "-c", `read -r secret\n${script}`], `${secret}\n`);
  return stdout.trim();
}
