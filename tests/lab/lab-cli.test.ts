import { Command } from "commander";
import { afterEach, expect, it, vi } from "vitest";
import { registerLab } from "../../cli/lab/index.js";
import type { LabInventory, LabStatus } from "../../lab/index.js";
import { describeLab, withLab } from "../support/lab.js";

describeLab("clocker lab", () => {
  const lab = withLab("cli", { hosts: 2, image: false });
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  /** Runs `clocker lab ...` in this process. */
  async function clocker(...argv: string[]): Promise<{ out: string; err: string; code: unknown }> {
    let out = "";
    let err = "";
    vi.spyOn(console, "log").mockImplementation((line: string) => void (out += `${line}\n`));
    vi.spyOn(process.stdout, "write").mockImplementation((text) => Boolean((out += String(text))));
    vi.spyOn(process.stderr, "write").mockImplementation((text) => Boolean((err += String(text))));
    const program = new Command("clocker").enablePositionalOptions().exitOverride();
    registerLab(program);
    await program.parseAsync(["lab", ...argv], { from: "user" });
    vi.restoreAllMocks();
    return { out, err, code: process.exitCode ?? 0 };
  }

  it("shows the lab as a table and as JSON", async () => {
    const [h1, h2] = lab.hosts.map((host) => host.address);
    const table = await clocker("status", "--name", lab.name);
    const rows = table.out
      .trim()
      .split("\n")
      .map((row) => row.split(/ {2,}/));
    expect(rows).toEqual([
      ["LAB", "STATE", "SUBNET", "HOST", "ADDRESS", "POWER"],
      [lab.name, "up", lab.inventory.subnet, "h1", h1, "on"],
      [lab.name, "up", lab.inventory.subnet, "h2", h2, "on"],
    ]);
    const json = await clocker("status", "--json", "--name", lab.name);
    const [status] = JSON.parse(json.out) as (LabStatus & { inventory: LabInventory })[];
    expect(status).toMatchObject({ name: lab.name, state: "up", inventory: lab.inventory });
  });

  it("runs a command with its own options and gives its exit code", async () => {
    const script = "echo --name; echo bad >&2; exit 3";
    const { out, code } = await clocker(
      ...["exec", "h2", "--json", "--name", lab.name, "--", "sh", "-c", script],
    );
    expect(JSON.parse(out)).toEqual({
      name: lab.name,
      host: "h2",
      code: 3,
      stdout: "--name\n",
      stderr: "bad\n",
    });
    expect(code).toBe(3);
  });

  it("cuts the power of a host and switches it on again", async () => {
    expect((await clocker("kill", "h1", "--name", lab.name)).out).toBe("h1 is off\n");
    expect((await clocker("status", "--name", lab.name)).out).toMatch(/h1 .* off\n/);
    expect((await clocker("restart", "h1", "--name", lab.name)).out).toBe("h1 is up\n");
    expect((await clocker("status", "--name", lab.name)).out).not.toContain("off");
  });

  it("says what is wrong in a sentence and fails", async () => {
    expect(await clocker("kill", "h7", "--name", lab.name)).toEqual({
      out: "",
      err: `error: lab ${lab.name} has no host h7: it has h1, h2\n`,
      code: 1,
    });
    const json = await clocker("restart", "h1", "--name", "nowhere", "--json");
    expect(JSON.parse(json.out)).toEqual({
      error: "there is no lab nowhere: make it with clocker lab up --name nowhere",
    });
  });

  it("makes a lab as asked and takes it down", async () => {
    const name = `${lab.name}-two`;
    const up = await clocker(
      ...["up", "--name", name, "--hosts", "2", "--cpus", "1,3", "--memory", "1g", "--json"],
    );
    expect((JSON.parse(up.out) as LabInventory).hosts).toMatchObject([
      { name: "h1", cpus: 1, memory: 1024 ** 3 },
      { name: "h2", cpus: 3, memory: 1024 ** 3 },
    ]);
    expect(up.err).toContain("h2 is up at ");
    expect((await clocker("down", "--name", name)).out).toBe(`lab ${name} is gone\n`);
    expect((await clocker("down", "--name", name)).out).toBe(`there is no lab ${name}\n`);
  });
});
