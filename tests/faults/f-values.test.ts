import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  FaultProject,
  inventoryOf,
  withBystanders,
  type ProgramParts,
} from "../support/fault-project.js";
import { describeLab, withLab } from "../support/lab.js";

const CANARY = "c4n4ry";

describeLab("values that are wrong or hostile", () => {
  const lab = withLab("fault-values", { hosts: 1 });
  withBystanders(lab);
  let faulty: FaultProject;
  beforeAll(async () => {
    faulty = await FaultProject.create(lab, "values");
  });
  afterAll(async () => faulty.destroy());

  /** What a preview and an `up` of it say; neither touches the host. */
  async function refusal(parts: ProgramParts): Promise<string> {
    await faulty.write(parts);
    const outcome = await faulty.project.run(["up", "--yes", "--stack", "dev"]);
    expect(outcome.code, outcome.output).toBeGreaterThan(0);
    expect(await faulty.owned()).toEqual([]);
    expect(
      await lab.sh(
        "h1",
        "sh",
        "-c",
        "ls -d /run/clocker /var/lib/clocker 2>/dev/null; ip -br link show type vxlan",
      ),
    ).toBe("");
    // What failed is said, and nothing else: no stack, no echo of it by those that waited.
    expect(outcome.output).not.toMatch(/^ +at |failed to deliver|the program has ended/m);
    return outcome.output;
  }

  it("F1: every malformed property of a container is named, and no value is shown", async () => {
    const output = await refusal({
      body: `web("web", {
        env: { "A;${CANARY}": "x", B: "a\\0${CANARY}" },
        ports: [{ container: 70000, host: -1 }],
        pids: -5,
        user: "${CANARY};id",
        hostname: "$(${CANARY})",
        capabilities: { add: ["${CANARY}"] },
        extraHosts: { db: "${CANARY}" },
        mounts: [{ volume: "data", target: "relative" }],
        labels: { "": "x" },
      });`,
    });
    for (const rule of [
      "hostname: must be a host name",
      "user: must be a user",
      "pids: must be a number of processes from 1 to 4194304",
      "env.B: must not hold a NUL character",
      "ports[0].container: must be a port from 1 to 65535",
      "ports[0].host: must be a port from 1 to 65535",
      "mounts[0].target: must be an absolute path",
      "capabilities.add[0]: must be the name of a Linux capability",
      "extraHosts.db: must be an IP address",
      "labels.(a name with other characters): must have a name",
    ])
      expect(output).toContain(`resource 'web': has a problem: ${rule}`);
    expect(output).not.toContain(CANARY);
  });

  it.each<[string, ProgramParts, RegExp]>([
    [
      "an unknown property",
      { body: `web("web", { memroy: "1 GiB" } as never);` },
      /error: PlacedContainer web: memroy is not a property; did you mean memory\?/,
    ],
    [
      "a name with shell characters",
      { body: `web("web;touch /tmp/sentinel");` },
      /error: PlacedContainer "web;touch \/tmp\/sentinel": a name has 1 to 63 letters, digits, "-", "_" or "\."/,
    ],
    [
      "a negative amount",
      { body: `web("web", { memory: -1 });` },
      /error: PlacedContainer web: memory: not an amount; write for example "512 MiB"/,
    ],
    ["no number", { body: `web("web", { cpus: NaN });` }, /container web: cpus must be a number/],
    [
      "a malformed CIDR",
      { body: `new VirtualNetwork("bad", { cloud, cidr: "${CANARY}/99" });` },
      /network bad: cidr must be a CIDR without host bits, such as 10\.20\.0\.0\/16/,
    ],
    [
      "an unknown label operator",
      { body: `web("web", { constraints: ["zone % eu"] });` },
      /container web: constraints\[0\]\.expression is wrong: label expression \\?"zone % eu\\?": unknown operator \\?"%\\?" at character 6;/,
    ],
    [
      "a host's port",
      { host: `{ port: 99999, user: "root;${CANARY}" }` },
      /: port must be a whole number from 1 to 65535/,
    ],
  ])("F1: %s", async (_what, parts, sentence) => {
    const output = await refusal(parts);
    expect(output).toMatch(sentence);
    expect(output).not.toContain(CANARY);
  });

  it("F1: an unreachable host and a wrong key are refused by the plan", async () => {
    const inventory = inventoryOf(lab);
    const { address, port } = lab.host("h1");
    const away = structuredClone(inventory);
    away.hosts[0]!.port = 9;
    await faulty.setInventory(away);
    expect(await refusal({})).toContain(
      `no host for web: 1 host is not ready (h1 cannot be reached at ${address}:9: connection refused)`,
    );
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const keyFile = join(faulty.project.folder, "other-key");
    const key = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
    await writeFile(keyFile, key, { mode: 0o600 });
    await faulty.setInventory({ ...inventory, keyFile });
    expect(await refusal({})).toContain(
      `no host for web: 1 host is not ready (h1 cannot be used: ${address}:${port} refused the login of root)`,
    );
    await faulty.setInventory(inventory);
  });

  it("F1: once they are right, one up is enough", async () => {
    await faulty.write({});
    await faulty.heals(["web"]);
  });

  it("F4: shell metacharacters reach the container byte for byte, and no shell", async () => {
    const hostile = [
      "$(touch /tmp/sentinel)",
      "`touch /tmp/sentinel`",
      "; touch /tmp/sentinel #",
      "' ; touch /tmp/sentinel ; '",
      '" && touch /tmp/sentinel && "',
      "a\\nb\\\\c \\$HOME ${HOME} %s * ? [a] ~ | < > & ! {a,b}",
      "--privileged",
      "-v=/:/host",
      "",
      "ünï ☃ \u{1F433}",
      "line\nbreak\ttab\r",
    ];
    await faulty.write({
      body: `
        const hostile: string[] = ${JSON.stringify(hostile)};
        web("web", {
          entrypoint: ["sh", "-c", "while :; do sleep 1000; done"],
          command: hostile,
          env: Object.fromEntries(hostile.map((value, index) => ["V" + index, value])),
          labels: Object.fromEntries(hostile.map((value, index) => ["v" + index, value])),
          secrets: { token: hostile.join("|") },
        });`,
    });
    await faulty.heals(["web"]);
    const id = (await faulty.ownedBy("web"))[0]!.id;
    const inside = (file: string) => lab.exec("h1", ["docker", "exec", id, "cat", file]);
    expect((await inside("/proc/1/cmdline")).stdout.split("\0")).toEqual([
      "sh",
      "-c",
      "while :; do sleep 1000; done",
      ...hostile,
      "",
    ]);
    const environment = (await inside("/proc/1/environ")).stdout.split("\0");
    hostile.forEach((value, index) => expect(environment).toContain(`V${index}=${value}`));
    expect((await inside("/run/secrets/token")).stdout).toBe(hostile.join("|"));
    const labels = JSON.parse(
      await lab.sh("h1", "docker", "inspect", "-f", "{{json .Config.Labels}}", id),
    ) as Record<string, string>;
    hostile.forEach((value, index) => expect(labels[`v${index}`]).toBe(value));
    for (const where of [
      ["ls", "/tmp"],
      ["docker", "exec", id, "ls", "/tmp"],
    ])
      expect((await lab.exec("h1", where)).stdout).not.toContain("sentinel");
  });
});
