import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Option, type Command } from "commander";
import {
  LAB_INITS,
  LabError,
  labDown,
  labExecArgv,
  labKill,
  labRestart,
  labStatus,
  labUp,
  listLabs,
  readInventory,
  type LabInit,
} from "../../lab/index.js";
import { printJson } from "../commands/table.js";
import { bytes, hostCount, memoryList, numberList, printTable } from "./format.js";

interface Common {
  name: string;
  json?: boolean;
}

interface Up extends Common {
  hosts: number;
  cpus: number[];
  memory: number[];
  bare?: boolean;
  init?: LabInit;
  sshd: string[];
}

const DEFAULT_LAB = "lab";

/** Adds `clocker lab ...`: Docker hosts on this machine, in namespaces. */
export function registerLab(program: Command): void {
  const lab = program
    .command("lab")
    .description("real Docker hosts in namespaces of this machine (Linux, root)");

  const command = (signature: string, description: string): Command =>
    lab
      .command(signature)
      .description(description)
      .option("--name <name>", "name of the lab", DEFAULT_LAB)
      .option("--json", "answer as JSON");

  command("up", "make a lab, or switch the hosts of an existing one on again")
    .option("--hosts <n>", "number of hosts", hostCount, 3)
    .option("--cpus <n[,n...]>", "declared cpus per host", numberList, [2])
    .option("--memory <size[,size...]>", "declared memory per host", memoryList, [2 * 1024 ** 3])
    .option("--bare", "hosts without Docker Engine")
    .addOption(
      new Option(
        "--init <init>",
        "what runs the hosts' services: scripts of the lab, or systemd as on most machines",
      ).choices(LAB_INITS),
    )
    .option("--sshd <line...>", "extra lines for sshd_config, e.g. 'MaxSessions 1'", [])
    .action((options: Up) => report(options, () => up(options)));

  command("down", "remove a lab and everything it made, also after a crash").action(
    (options: Common) =>
      report(options, async () => {
        const before = await listLabs();
        await labDown(options.name);
        const removed = before.includes(options.name);
        if (options.json) printJson({ name: options.name, removed });
        else
          console.log(removed ? `lab ${options.name} is gone` : `there is no lab ${options.name}`);
      }),
  );

  lab
    .command("status")
    .description("what labs there are and which hosts are on")
    .option("--name <name>", "only this lab")
    .option("--json", "answer as JSON")
    .action((options: { name?: string; json?: boolean }) => report(options, () => status(options)));

  command("exec <host> <command...>", "run a command inside a host")
    .allowUnknownOption()
    .action((host: string, argv: string[], options: Common) =>
      report(options, () => exec(host, argv, options)),
    );

  command("kill <host>", "cut the host's power").action((host: string, options: Common) =>
    report(options, async () => {
      await labKill(options.name, host);
      if (options.json) printJson({ name: options.name, host, running: false });
      else console.log(`${host} is off`);
    }),
  );

  command("restart <host>", "switch the host off and on again with the same disk").action(
    (host: string, options: Common) =>
      report(options, async () => {
        await labRestart(options.name, host);
        if (options.json) printJson({ name: options.name, host, running: true });
        else console.log(`${host} is up`);
      }),
  );
}

async function up(options: Up): Promise<void> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    process.exitCode = 128 + constants.signals[signal];
    controller.abort(new LabError(`stopped by ${signal}; nothing of a new lab is left`));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);
  const started = Date.now();
  const one = <T>(values: T[]): T | T[] => (values.length === 1 ? (values[0] as T) : values);
  const inventory = await labUp({
    name: options.name,
    hosts: options.hosts,
    cpus: one(options.cpus),
    memory: one(options.memory),
    bare: options.bare ?? false,
    ...(options.init === undefined ? {} : { init: options.init }),
    sshd: options.sshd,
    signal: controller.signal,
    onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  if (options.json) {
    printJson(inventory);
    return;
  }
  printTable(
    ["HOST", "ADDRESS", "CPUS", "MEMORY", "LABELS"],
    inventory.hosts.map((host) => [
      host.name,
      `${host.user}@${host.address}`,
      String(host.cpus),
      bytes(host.memory),
      Object.entries(host.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(" "),
    ]),
  );
  console.log(
    `up in ${((Date.now() - started) / 1000).toFixed(1)} s; login key ${inventory.keyFile}`,
  );
}

async function status(options: { name?: string; json?: boolean }): Promise<void> {
  const names = options.name === undefined ? await listLabs() : [options.name];
  const labs = await Promise.all(names.map((name) => labStatus(name)));
  if (options.json) {
    const inventories = await Promise.all(names.map((name) => readInventory(name)));
    printJson(labs.map((lab, index) => ({ ...lab, inventory: inventories[index] ?? null })));
    return;
  }
  if (labs.length === 0) console.log("there are no labs: make one with clocker lab up");
  else
    printTable(
      ["LAB", "STATE", "SUBNET", "HOST", "ADDRESS", "POWER"],
      labs.flatMap((lab) =>
        lab.hosts.map((host) => [
          lab.name,
          lab.state,
          lab.subnet,
          host.name,
          host.address,
          host.running ? "on" : "off",
        ]),
      ),
    );
}

async function exec(host: string, argv: string[], options: Common): Promise<void> {
  const [command = "", ...args] = await labExecArgv(options.name, host, argv);
  const child = spawn(command, args, {
    stdio: options.json ? ["inherit", "pipe", "pipe"] : "inherit",
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve(status ?? 255));
  });
  if (options.json) printJson({ name: options.name, host, code, stdout, stderr });
  process.exitCode = code;
}

/** Runs a command; what went wrong is said in a sentence, not a stack. */
async function report(options: { json?: boolean }, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    if (options.json) printJson({ error: error.message });
    else process.stderr.write(`error: ${error.message}\n`);
    process.exitCode ??= 1;
  }
}
