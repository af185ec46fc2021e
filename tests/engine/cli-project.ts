import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { compiled } from "../support/compiled.js";

const ROOT = resolve(__dirname, "../..");

/** A program of `size` dynamic resources below a component; everything about it comes from the configuration. */
const PROGRAM = `
const pulumi = require("@pulumi/pulumi");
const provider = {
  async diff(_id, olds, news) {
    const differs = (key) => olds[key] !== news[key];
    return {
      changes: ["image", "env", "delay", "fail", "token"].some(differs),
      replaces: differs("image") ? ["image"] : [],
    };
  },
  async create(inputs) {
    await new Promise((resolve) => setTimeout(resolve, inputs.delay));
    if (inputs.fail) throw new Error("host h1: no such image\\n  - pull access denied\\nName an image that exists.");
    return { id: "id-" + inputs.image, outs: inputs };
  },
  async update(_id, _olds, news) { return { outs: news }; },
  async read(id, props) { return { id, props }; },
  async delete() {},
};
class Container extends pulumi.dynamic.Resource {
  constructor(name, args, options) { super(provider, name, args, options, "clocker", "PlacedContainer"); }
}
class App extends pulumi.ComponentResource {
  constructor(name) { super("clocker:index:Blueprint", name); this.registerOutputs({}); }
}
const config = new pulumi.Config();
const app = new App("guestbook");
for (let at = 0; at < (config.getNumber("size") ?? 2); at += 1) {
  new Container("web-" + at, {
    image: config.get("image") ?? "web:1",
    env: config.get("env") ?? "a",
    delay: config.getNumber("delay") ?? 0,
    fail: config.get("fail") === String(at),
    token: config.requireSecret("token"),
  }, { parent: app, protect: config.get("protect") === String(at) });
}
if (config.getBoolean("read")) new Container("seen", {}, { id: "there" });
module.exports = { url: "http://10.0.0.1:8080", token: config.requireSecret("token") };
`;

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A project with its own backend, and `clocker` to run in it. */
export class CliProject {
  readonly folder: string;
  /** The compiled command. */
  readonly main = join(compiled("cli", "engine", "lab", "provider"), "cli/main.js");

  constructor() {
    mkdirSync(join(ROOT, ".clocker"), { recursive: true });
    this.folder = mkdtempSync(join(ROOT, ".clocker", "cli-test-"));
    writeFileSync(
      join(this.folder, "Pulumi.yaml"),
      "name: shop\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n",
    );
    writeFileSync(join(this.folder, "package.json"), '{ "name": "shop", "main": "index.js" }\n');
    writeFileSync(join(this.folder, "index.js"), PROGRAM);
    mkdirSync(join(this.folder, "backend"));
  }

  start(
    argv: readonly string[],
    nodeOptions: readonly string[] = [],
  ): ChildProcessWithoutNullStreams {
    return this.spawn(process.execPath, [...nodeOptions, this.main, ...argv]);
  }

  /** On a terminal of its own, made by util-linux. */
  startOnTerminal(argv: readonly string[]): ChildProcessWithoutNullStreams {
    const command = [process.execPath, this.main, ...argv].map((word) => `'${word}'`).join(" ");
    return this.spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"]);
  }

  private spawn(command: string, argv: readonly string[]): ChildProcessWithoutNullStreams {
    return spawn(command, argv, {
      cwd: this.folder,
      env: { PATH: process.env["PATH"], HOME: this.folder, TERM: "xterm", ...this.environment() },
    });
  }

  /** What tells a command where its backend is, and how to open it. */
  environment(): Record<string, string> {
    return {
      PULUMI_HOME: join(this.folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(this.folder, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
  }

  /** Runs a command to its end. `input` is what it reads. */
  async run(argv: readonly string[], input = ""): Promise<Outcome> {
    const child = this.start(argv);
    child.stdin.end(input);
    return outcome(child);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Everything a process wrote and how it ended. */
export function outcome(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((done, reject) => {
    child.on("error", reject);
    child.on("close", (code) => done({ code, stdout, stderr }));
  });
}

/** Resolves when the process has written the words. */
export function written(child: ChildProcessWithoutNullStreams, words: string): Promise<void> {
  let text = "";
  return new Promise((done, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString();

      if (text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").includes(words)) done();
    });
    child.on("close", () => reject(new Error(`ended without writing "${words}":\n${text}`)));
  });
}
