import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { LABELS } from "../../../provider/host/ownership.js";
import { useSink } from "../../../provider/progress.js";
import { forgetSecrets } from "../../../provider/redact.js";
import type { PlacedContainerInputs } from "../../../provider/resources/placed-container/inputs.js";
import { useSettleTime } from "../../../provider/resources/placed-container/ready.js";
import { secretsFolder } from "../../../provider/resources/placed-container/secrets.js";
import { SWEEP } from "../../../provider/resources/placed-container/secrets-removal.js";
import type { FakeHost, FakeHosts } from "../../support/fake-transport.js";
import { asAnotherProcess, failure, installHosts } from "./fake-hosts.js";
import { inputsOf, lifecycle, MIB } from "./fixtures.js";

const OWNER = "app/dev/web-0";
let hosts: FakeHosts;
let h1: FakeHost;
let warnings: string[];

beforeEach(async () => {
  hosts = await installHosts();
  h1 = hosts.host("h1");
  warnings = [];
  useSettleTime(5);
  useSink((_urn, message, { warn }) => warn && warnings.push(message));
});

afterEach(async () => {
  forgetSecrets();
  useSink();
  useSettleTime();
  await hosts.restore();
});

/** What follows happens in a process that has not seen the hosts yet. */
async function inAnotherProcess(): Promise<void> {
  hosts = await asAnotherProcess(hosts);
  h1 = hosts.host("h1");
}

const createIn = async (inputs: PlacedContainerInputs) => lifecycle.create(inputs);
const owned = () => h1.docker.labelled(LABELS.owner, OWNER);
const only = () => {
  const all = owned();
  expect(all).toHaveLength(1);
  return all[0]!;
};

describe("a container that is dead", () => {
  const BUSY = "unable to remove filesystem: device or resource busy";

  /** Its only container ends, and Docker removes a part of it. */
  function die() {
    const container = only();
    h1.docker.end(container, 137);
    return Object.assign(container, { state: "dead" as const });
  }

  it("is removed and made again by the next up", async () => {
    const { id, outs } = await createIn(inputsOf());
    const dead = die();
    const { props } = await lifecycle.read(id, outs);
    expect(props?.status.drift).toEqual(["it is dead"]);
    const again = await lifecycle.update(id, props!, inputsOf());
    expect(only()).toMatchObject({ name: id, state: "running" });
    expect(only().id).not.toBe(dead.id);
    expect((await lifecycle.read(id, again.outs)).props?.status.drift).toBeUndefined();
  });

  it("is no leftover to adopt", async () => {
    await createIn(inputsOf());
    const dead = die();
    const { outs } = await createIn(inputsOf());
    expect(only()).toMatchObject({ id: outs.status.containerId, state: "running" });
    expect(outs.status.containerId).not.toBe(dead.id);
  });

  it("keeps no other from running when it cannot be removed", async () => {
    const { id } = await createIn(inputsOf());
    die().removalProblem = BUSY;
    const { outs } = await createIn(inputsOf());
    expect(owned().map(({ state }) => state)).toEqual(["dead", "running"]);
    expect(outs.status.state).toBe("running");
    expect(warnings).toEqual([
      `host h1: container ${id} is dead and cannot be removed\n` +
        `  - host h1: Docker refused to remove container ${owned()[0]?.id}: ${BUSY}\n` +
        "Something there still uses its files: end that or restart Docker on the host, then run again.",
    ]);
  });

  it("fails its own deletion in so many words, until Docker can remove it", async () => {
    const { id, outs } = await createIn(inputsOf());
    die().removalProblem = BUSY;
    const error = await failure<Error>(lifecycle.delete(id, outs));
    expect(error.message).toBe(
      `host h1: container ${id} is dead and cannot be removed\n` +
        `  - host h1: Docker refused to remove container ${only().id}: ${BUSY}\n` +
        "Something there still uses its files: end that or restart Docker on the host, then run again.",
    );
    delete only().removalProblem;
    await lifecycle.delete(id, outs);
    expect(owned()).toEqual([]);
  });

  it("says what is in the way when it has the name of the one to be made", async () => {
    const { id, outs } = await createIn(inputsOf());
    die().removalProblem = BUSY;
    const error = await failure<Error>(lifecycle.update(id, outs, inputsOf()));
    expect(error.message).toContain(`host h1: container ${id} is dead and cannot be removed`);
    delete only().removalProblem;
    await lifecycle.update(id, outs, inputsOf());
    expect(only().state).toBe("running");
  });
});

describe("limits that were changed and taken back", () => {
  const ROOT = "/var/lib/clocker/reservations";
  /** The notes of what containers reserve, by container id. */
  let notes: Map<string, string>;

  function keepNotes(): void {
    h1.onExec(({ argv: [, root, id = "", amounts], script = "" }) => {
      if (script.includes("printf 'reservation"))
        return { stdout: [...notes].map(([at, text]) => `reservation ${at} ${text}\n`).join("") };
      if (root !== ROOT) return undefined;
      if (amounts === undefined) notes.delete(id);
      else notes.set(id, amounts);
      return {};
    });
  }

  /** A container whose host goes away when more is noted for it, before Docker is told. */
  async function halfChanged() {
    const made = await createIn(inputsOf());
    h1.onExec(({ argv: [, root, id = "", amounts = ""] }) => {
      if (root !== ROOT) return undefined;
      notes.set(id, amounts);
      h1.down = true;
      h1.dropConnections();
      return {};
    });
    await failure(lifecycle.update(made.id, made.outs, inputsOf({ cpus: 1.5 })));
    expect([...notes.values()]).toEqual([`1.5 ${64 * MIB}`]);
    await inAnotherProcess();
    keepNotes();
    return made;
  }

  beforeEach(() => {
    notes = new Map();
    keepNotes();
  });

  it("count as they are after the next up, which changes nothing else", async () => {
    const { id, outs } = await halfChanged();
    await lifecycle.update(id, outs, inputsOf());
    expect([...notes.values()]).toEqual([`0.5 ${64 * MIB}`]);
    expect(h1.docker.requests.filter((line) => line.endsWith("/update"))).toEqual([]);
  });

  it("leave no note when the container goes", async () => {
    const { id, outs } = await halfChanged();
    await lifecycle.delete(id, outs);
    expect([...notes.keys()]).toEqual([]);
  });
});

describe("secrets that nobody needs any more", () => {
  const SECRET = { secrets: [{ name: "k", value: "hidden-value" }] };
  const ROOT = "/run/clocker/secrets";
  /** What the host's folders of secrets are, kept by the scripts that make, remove and sweep them. */
  let folders: Set<string>;

  /** Folders that were there before this process, as it finds them at its first look. */
  function keepFolders(...before: string[]): void {
    folders = new Set(before);
    h1.onExec(({ argv: [, root, ...rest], script = "" }) => {
      if (script.includes(`ls ${ROOT}`)) return { stdout: ["", ...folders].join("\n") };
      if (root !== ROOT) return undefined;
      if (script.includes("mount -t tmpfs")) folders.add(rest[0] ?? "");
      else if (!script.includes("-mmin")) for (const name of rest) folders.delete(name);
      else
        for (const name of rest.slice(3)) if (name.startsWith(rest[0] ?? "?")) folders.delete(name);
      return {};
    });
  }
  const mine = secretsFolder(OWNER, "0123abcd").slice(ROOT.length + 1);
  const folderOfOnly = () => only().body.HostConfig?.Mounts?.[0]?.Source?.split("/")[4];

  it("are never on a host without the container that needs them", async () => {
    h1.docker.before = (line) => {
      if (line === "POST /containers/create") throw new Error("no space left on device");
    };
    await expect(createIn(inputsOf(SECRET))).rejects.toThrow("no space left on device");
    const value = Buffer.from("hidden-value").toString("base64");
    expect(h1.execs.filter(({ stdin }) => stdin.includes(value))).toEqual([]);
  });

  it("go with a container that could not be made", async () => {
    keepFolders();
    h1.docker.before = (line) => {
      if (line === "POST /containers/create") throw new Error("no space left on device");
    };
    await expect(createIn(inputsOf(SECRET))).rejects.toThrow("no space left on device");
    expect(h1.execs.some(({ argv }) => argv[1] === ROOT)).toBe(true);
    expect([...folders]).toEqual([]);
  });

  it("go with their container", async () => {
    keepFolders();
    const { id, outs } = await createIn(inputsOf(SECRET));
    expect([...folders]).toEqual([folderOfOnly()]);
    await lifecycle.delete(id, outs);
    expect([...folders]).toEqual([]);
  });

  it("go when a successor without any is ready", async () => {
    keepFolders(mine);
    await createIn(inputsOf());
    expect([...folders]).toEqual([]);
  });

  it("go with a container that was removed by hand, on the host that it was moved away from", async () => {
    keepFolders();
    const { id, outs } = await createIn(inputsOf(SECRET));
    h1.docker.containers.delete(only().id);
    const before = [...folders];
    await inAnotherProcess();
    keepFolders(...before);
    await lifecycle.delete(id, outs);
    expect(before).toHaveLength(1);
    expect([...folders]).toEqual([]);
  });

  it("stay as long as a container of the same owner binds them", async () => {
    keepFolders();
    const { id, outs } = await createIn(inputsOf(SECRET));
    const before = [...folders];
    await inAnotherProcess();
    keepFolders(...before);
    await lifecycle.delete(id, { ...outs, status: { ...outs.status, generation: "ffffffff" } });
    expect([...folders]).toEqual([folderOfOnly()]);
  });

  it("of others go only when they are older than any creation", async () => {
    const other = secretsFolder("app/dev/other", "0123abcd").slice(ROOT.length + 1);
    keepFolders(other);
    await createIn(inputsOf());
    const sweeps = h1.execs.filter(({ script }) => script?.includes("-mmin"));
    expect(sweeps.map(({ argv }) => argv)).toEqual([
      ["script", ROOT, mine.slice(0, 17), "60", "5", other],
    ]);
    expect([...folders]).toEqual([other]);
  });

  it("of others are looked at once, and still go with their own container's next change", async () => {
    const other = secretsFolder("app/dev/web-1", "0123abcd").slice(ROOT.length + 1);
    keepFolders(other);
    const place = { networks: [] };
    await createIn(inputsOf({}, place));
    const meta = (name: string) => ({ ...inputsOf().meta, name });
    await createIn(inputsOf({}, place, { meta: meta("web-2") }));
    expect(h1.execs.filter(({ script }) => script?.includes("-mmin"))).toHaveLength(1);
    expect([...folders]).toEqual([other]);
    await createIn(inputsOf({}, place, { meta: meta("web-1") }));
    expect([...folders]).toEqual([]);
  });

  it("are swept by what they hold and by their age", () => {
    const root = mkdtempSync(join(tmpdir(), "secrets-"));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    const folder = (name: string, text: string, minutes: number) => {
      mkdirSync(join(root, name, "files"), { recursive: true });
      const file = join(root, name, "files", "k");
      writeFileSync(file, text);
      for (const path of [file, join(root, name)])
        utimesSync(path, minutesAgo(minutes), minutesAgo(minutes));
    };
    folder("mine-1", "", 0);
    folder("reserved", "", 30);
    folder("forsaken", "", 61);
    folder("written-just-now", "hidden", 2);
    folder("written", "hidden", 6);
    execFileSync("sh", ["-c", SWEEP, "sh", root, "mine-", "60", "5", ...readdirSync(root)]);
    expect(readdirSync(root).sort()).toEqual(["reserved", "written-just-now"]);
  });

  it("cost nothing on a host that has none", async () => {
    keepFolders();
    const { id, outs } = await createIn(inputsOf());
    await lifecycle.delete(id, outs);
    expect(h1.execs.filter(({ argv }) => argv[1] === ROOT)).toEqual([]);
  });
});
