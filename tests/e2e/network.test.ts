import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { describeLab, withLab } from "../support/lab.js";
import { sayWhichTools, TOOLS } from "../support/project.js";
import type { Wanted } from "./support/cloud-program.js";
import { CloudProject, places, type Found } from "./support/cloud-project.js";

const on = (host: string, more: object) => ({
  constraints: [{ kind: "host", host }],
  command: ["serve", "8000"],
  ...more,
});

/** The port of the service "red" that is open on every host. */
const open = (host: number) => ({
  type: "red",
  ports: [{ container: 8000, host, mode: "ingress" }],
});

/** Two applications with a network each on three hosts, and one container that is on both. */
const WANTED: Wanted = {
  hosts: ["h1", "h2", "h3"],
  networks: ["red", "blue"],
  containers: {
    "red-1": on("h1", { on: ["red"], ...open(8088) }),
    "red-2": on("h2", { on: ["red"], ...open(8088) }),
    "blue-1": on("h1", { on: ["blue"] }),
    "blue-3": on("h3", { on: ["blue"] }),
    both: on("h2", { on: ["red", "blue"] }),
  },
  later: { late: on("h3", { on: ["red"] }), later: on("h1", { on: ["red"] }) },
};

/** Then one of the later containers has moved, the other has gone, and the open port is another. */
const MOVED: Wanted = {
  ...WANTED,
  containers: {
    ...WANTED.containers,
    "red-1": on("h1", { on: ["red"], ...open(8089) }),
    "red-2": on("h2", { on: ["red"], ...open(8089) }),
  },
  later: { late: on("h1", { on: ["red"] }) },
};

/** A service that takes two seconds to be ready, behind a policy that keeps its application apart; `broken` ones never are. */
const served = (version: string, broken = ""): Wanted => ({
  ...MOVED,
  cloud: { isolate: "applications" },
  containers: {
    ...MOVED.containers,
    "red-1": on("h1", {
      on: ["red"],
      ...open(8089),
      application: "front",
      command: ["sh", "-c", 'sleep 2; [ -z "$BROKEN" ] || exec sleep 600; exec serve 8000'],
      env: { VERSION: version, BROKEN: broken },
      health: { command: "wget -q -O /dev/null http://127.0.0.1:8000/", interval: 0.5, retries: 8 },
    }),
    "red-2": on("h2", { on: ["red"], application: "front" }),
  },
});

/** Asks a URL again and again and counts the answers and the failures until there is a file /tmp/enough. */
const ASK = `
rm -f /tmp/enough /tmp/asked; answered=0 failed=0
until [ -e /tmp/enough ]; do
  if timeout 15 wget -q -O - "$1" | grep -q .; then answered=$((answered + 1)); else failed=$((failed + 1)); fi
  sleep 0.05
done
echo "$answered $failed" > /tmp/asked`;

/** What our networks leave on a host: links, rules, processes, files. Empty after a destroy. */
const TRACES = `
ip -o link | grep -oE 'cn[bv][0-9]+' | sort -u
iptables-save | grep -iE 'clocker|cnb[0-9]' || true
ps -eo args | grep '[d]nsmasq.*cnb' || true
find /var/lib/clocker /run/clocker -type f 2>/dev/null
docker ps -aq --filter label=io.clocker.owner
docker network ls -q --filter label=io.clocker.owner
`;

sayWhichTools();

const EACH = TOOLS.map((tool) => ({ tool, with: tool.name }));

describeLab.each(EACH)("networks of programs on real hosts, with $with", ({ tool }) => {
  const lab = withLab("network-e2e", { hosts: 3 });
  let cloud: CloudProject;
  let found: Record<string, Found>;

  beforeAll(async () => {
    // Somebody else's, before we come.
    await lab.sh("h1", "docker", "network", "create", "--subnet", "10.200.0.0/24", "theirs");
    const image = "clocker-test/busybox:dev";
    await lab.sh(
      ...(["h1", "docker", "run", "-d", "--name", "theirs"] as const),
      ...["--network", "theirs", "-v", "theirs:/data", image, "sleep", "infinity"],
    );
    cloud = await CloudProject.create(lab, "net", tool);
    await cloud.up(WANTED);
    found = await cloud.found();
  });
  afterAll(() => cloud.remove());

  /** Runs a command in a container; its exit code is 0 or not. */
  async function inside(name: string, ...argv: string[]) {
    const { host, id } = (await cloud.found())[name]!;
    return lab.exec(host, ["docker", "exec", id, ...argv]);
  }

  /** The host name of whoever answers there, or "" when nobody does. */
  async function asks(from: string, target: string): Promise<string> {
    const url = `http://${target}:8000/cgi-bin/hostname`;
    return (await inside(from, "timeout", "3", "wget", "-q", "-O", "-", url)).stdout.trim();
  }

  /** Waits for what the hosts do by themselves. */
  async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + 30_000;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`not within 30 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  it("containers on different hosts reach each other by name and by address, at once", async () => {
    expect(found["red-1"]!.host).not.toBe(found["red-2"]!.host);
    expect(await asks("red-1", "red-2")).toBe("red-2");
    expect(await asks("red-2", "red-1")).toBe("red-1");
    expect(await asks("red-1", found["red-2"]!.addresses["red"]!)).toBe("red-2");
    expect(await asks("blue-3", "blue-1.blue.clocker")).toBe("blue-1");
  });

  it("two networks know nothing of each other, by name or by address", async () => {
    expect(await asks("red-1", "blue-1")).toBe("");
    expect(await asks("red-1", found["blue-1"]!.addresses["blue"]!)).toBe("");
    expect(await asks("red-1", found["blue-3"]!.addresses["blue"]!)).toBe("");
    expect(await asks("blue-3", found["red-1"]!.addresses["red"]!)).toBe("");
  });

  it("a container in two networks is reached in both and asks their name servers in that order", async () => {
    expect(Object.keys(found["both"]!.addresses).sort()).toEqual(["blue", "red"]);
    expect(await asks("red-1", "both")).toBe("both");
    expect(await asks("blue-3", "both")).toBe("both");
    expect(await asks("both", "blue-1")).toBe("blue-1");
    expect(await asks("both", "red-1")).toBe("red-1");
    // Its name servers are the networks' gateways on h2, in attach order.
    const { host, id } = found["both"]!;
    const servers = JSON.parse(
      await lab.sh(host, "docker", "inspect", "-f", "{{json .HostConfig.Dns}}", id),
    ) as string[];
    const gatewayOf = (network: string) =>
      found["both"]!.addresses[network]!.replace(/\.\d+$/, ".1");
    expect(servers.slice(0, 2)).toEqual([gatewayOf("red"), gatewayOf("blue")]);
    // From 28 on Docker is told which network has the default route; before, it takes the first by name.
    const api = await lab.sh(host, "docker", "version", "-f", "{{.Server.APIVersion}}");
    const first = Number(api.split(".")[1]) >= 48 ? "red" : "blue";
    const routes = await inside("both", "ip", "route");
    expect(routes.stdout).toContain(`default via ${gatewayOf(first)} `);
  });

  /** Who answers on a port of a host from outside; "" for nobody. */
  async function knock(host: string, port: number): Promise<string> {
    const url = `http://${lab.host(host).address}:${port}/cgi-bin/hostname`;
    const init = { signal: AbortSignal.timeout(2000), headers: { connection: "close" } };
    return fetch(url, init).then(
      async (answer) => (await answer.text()).trim(),
      () => "",
    );
  }

  it("a port in mode ingress is open on every host, and all containers of the service answer", async () => {
    const answers = [await knock("h3", 8088), await knock("h3", 8088)];
    expect(answers.sort()).toEqual(["red-1", "red-2"]);
    for (const host of ["h1", "h2"]) expect(await knock(host, 8088)).toMatch(/^red-[12]$/);
  });

  it("what the program makes after an await has a name on every host of the network, and nowhere else", async () => {
    for (const from of ["red-1", "red-2", "both", "later"]) {
      expect(await asks(from, "late"), from).toBe("late");
    }
    expect(await asks("late", "later.red.clocker")).toBe("later");
    expect(await asks("late", "red-2")).toBe("red-2");
    expect(await asks("blue-3", "late")).toBe("");
    const address = found["late"]!.addresses["red"]!;
    expect((await inside("red-2", "nslookup", address)).stdout).toContain("late.red.clocker");
    await cloud.isDone(WANTED);
  });

  it("such names follow a move and go with their container, also after a run that died in between", async () => {
    const before = found;
    const preview = await cloud.mustPreview(MOVED);
    expect(preview.ops).toMatchObject({
      ...{ "cloud-2": "update", "cloud-2:red": "update", "cloud:red": "update" },
    });
    expect(preview.ops["later"]).toBe("delete");
    const died = await cloud.project.run(["up", "--yes", "--skip-preview", "--stack", "dev"], {
      env: { WANTED: JSON.stringify(MOVED), CLOCKER_FAULT: "names-added@h2:kill" },
    });
    expect(died.code).not.toBe(0);
    await cloud.up(MOVED);
    found = await cloud.found();
    expect(found["late"]).toMatchObject({
      host: "h1",
      addresses: preview.containers["late"]!.addresses,
    });
    expect(await asks("red-2", "late")).toBe("late");
    expect(await asks("both", "late")).toBe("late");
    expect((await inside("red-2", "nslookup", "later")).code).not.toBe(0);
    // the open port is another, and no container was touched for it
    expect([await knock("h3", 8088), await knock("h3", 8089)]).toEqual([
      "",
      expect.stringMatching(/^red-[12]$/),
    ]);
    expect(places(found)["red-1"]).toEqual(places(before)["red-1"]);
    expect(found["red-1"]!.id).toBe(before["red-1"]!.id);
    await cloud.isDone(MOVED);
  });

  it("a refresh shows what was stopped and removed by hand, and up restores both", async () => {
    const env = { env: { WANTED: JSON.stringify(MOVED) } };
    await lab.sh("h2", "docker", "stop", "-t", "0", found["red-2"]!.id);
    await lab.sh("h1", "docker", "rm", "-f", found["blue-1"]!.id);
    await lab.sh("h2", "sh", "-c", "rm /var/lib/clocker/net/*/names.d/cloud-2");
    const log = await cloud.project.must(
      ["refresh", "--yes", "--skip-preview", "--stack", "dev"],
      env,
    );
    expect(log.output).toMatch(/blue-1.*delete/);
    expect(log.output).toMatch(/red-2/);
    const preview = await cloud.mustPreview(MOVED);
    expect(preview.ops).toEqual({
      "blue-1": "create",
      "cloud-2:red": "update",
      red: "update", // its name server has not read what is there now
      "red-2": "update",
    });
    expect(preview.said).toContainEqual(expect.stringMatching(/^red-2: restore: /));
    await cloud.up(MOVED);
    const after = await cloud.found();
    expect(places(after)).toEqual(places(found));
    expect(after["red-2"]!.id).toBe(found["red-2"]!.id);
    expect(await asks("red-1", "red-2")).toBe("red-2");
    expect(await asks("blue-3", "blue-1")).toBe("blue-1");
    expect(await asks("red-2", "late")).toBe("late");
    await cloud.isDone(MOVED);
  });

  it("up --refresh does it in one", async () => {
    const before = await cloud.found();
    await lab.sh("h3", "docker", "rm", "-f", before["blue-3"]!.id);
    await cloud.up(MOVED, "--refresh");
    const after = await cloud.found();
    expect(places(after)).toEqual(places(before));
    expect(await asks("blue-1", "blue-3")).toBe("blue-3");
    await cloud.isDone(MOVED);
  });

  it("who is replaced start-first answers by name and port until its successor does, also if that never gets ready", async () => {
    await cloud.up(served("1"));
    const before = (await cloud.found())["red-1"]!;
    const url = "http://red-1:8000/cgi-bin/hostname";
    const { host, id } = (await cloud.found())["red-2"]!;
    await lab.sh(host, "docker", "exec", "-d", id, "sh", "-c", ASK, "sh", url);
    const knocking = { enough: false, answered: 0, failed: 0 };
    onTestFinished(() => void (knocking.enough = true));
    const knocked = (async () => {
      while (!knocking.enough)
        knocking[(await knock("h3", 8089)) === "red-1" ? "answered" : "failed"] += 1;
    })();

    await cloud.up(served("2"));
    const next = (await cloud.found())["red-1"]!;
    expect(next.id).not.toBe(before.id);
    expect(next.addresses).not.toEqual(before.addresses);
    const broken = { env: { WANTED: JSON.stringify(served("3", "yes")) } };
    const failed = await cloud.project.run(
      ["up", "--yes", "--skip-preview", "--stack", "dev"],
      broken,
    );
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("container red-1 is unhealthy: its check failed");
    await expect(cloud.found(), "to be looked at").rejects.toThrow("red-1 is on h1 and on h1");
    await cloud.up(served("4"));
    await cloud.found();

    knocking.enough = true;
    await knocked;
    await inside("red-2", "touch", "/tmp/enough");
    await eventually(
      "the last answer",
      async () => (await inside("red-2", "test", "-s", "/tmp/asked")).code === 0,
    );
    const [answered, unanswered] = (await inside("red-2", "cat", "/tmp/asked")).stdout
      .trim()
      .split(" ")
      .map(Number);
    expect({ unanswered, failed: knocking.failed }).toEqual({ unanswered: 0, failed: 0 });
    expect(answered).toBeGreaterThan(20);
    expect(knocking.answered).toBeGreaterThan(20);
    await cloud.isDone(served("4"));
    await cloud.up(MOVED);
  });

  it("after a power cut the host's containers come back and are reachable without us", async () => {
    const before = await cloud.found();
    await lab.kill("h2");
    await lab.restart("h2");
    await eventually("red-1 finds red-2", async () => (await asks("red-1", "red-2")) === "red-2");
    await eventually("red-2 finds late", async () => (await asks("red-2", "late")) === "late");
    await eventually("both finds blue-3", async () => (await asks("both", "blue-3")) === "blue-3");
    expect(await cloud.found()).toEqual(before);
    await cloud.isDone(MOVED);
  });

  it("destroy leaves nothing of ours and touches nothing of others", async () => {
    await cloud.destroy();
    for (const { name } of lab.hosts) {
      expect(await lab.sh(name, "sh", "-c", TRACES), name).toBe("");
    }
    const theirs = ["docker", "inspect", "-f", "{{.State.Running}}", "theirs"];
    expect(await lab.sh("h1", ...theirs)).toBe("true");
    const networks = await lab.sh("h1", "docker", "network", "ls", "--format", "{{.Name}}");
    expect(networks.split("\n").sort()).toEqual(["bridge", "host", "none", "theirs"]);
    expect(await lab.sh("h1", "docker", "volume", "ls", "-q")).toBe("theirs");
    expect(await cloud.project.resources()).toEqual([]);
  });
});
