import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";
import { SHOW_GENERATION } from "../../../provider/network/generation.js";
import { FakeHosts, type FakeExec } from "../../support/fake-transport.js";

/** What the program was asked on a fake host: the verb, and what it got on standard input. */
export interface ProgramCall {
  host: string;
  verb: string;
  /** What follows the verb. */
  args: readonly string[];
  stdin: string;
}

/** Fake hosts on which the network program keeps its document and tells what differs, as the real one does. */
export class FakeNetworkHosts {
  readonly calls: ProgramCall[] = [];
  /** Documents by host and VNI: what the program has on disk. */
  readonly documents = new Map<string, string>();
  /** Files of names that later plans added, by host, VNI and plan. */
  readonly names = new Map<string, string>();
  /** Policies by host and VNI: the mark, then rules. */
  readonly policies = new Map<string, string>();
  /** Containers that are off a network for a moment, by host and VNI: lines as the program keeps them. */
  readonly endpoints = new Map<string, string>();
  /** Answers instead of the program: by host. */
  readonly broken = new Map<string, { code: number; stdout?: string; stderr?: string }>();
  /** The same for one verb: by host and verb. */
  readonly answers = new Map<string, { code: number; stdout?: string; stderr?: string }>();
  /** Commands that a host lacks. */
  readonly missing = new Map<string, string[]>();

  private constructor(readonly fakes: FakeHosts) {}

  static async install(...names: string[]): Promise<FakeNetworkHosts> {
    const world = new FakeNetworkHosts(await FakeHosts.install(...names));
    for (const name of names) world.fakes.host(name).onExec((exec) => world.answer(name, exec));
    return world;
  }

  verbs(): string[] {
    return this.calls.map(({ host, verb }) => `${host} ${verb}`).sort();
  }

  private answer(host: string, exec: FakeExec) {
    if (exec.script?.includes("command -v")) {
      return { stdout: (this.missing.get(host) ?? []).map((name) => `${name}\n`).join("") };
    }
    if (exec.script === SHOW_GENERATION) {
      const vni = /\/(\d+)\/config$/.exec(exec.argv[1] ?? "")?.[1];
      const there = this.documents.get(`${host} ${vni}`);
      if (there === undefined) return {};
      return { stdout: `generation ${/^generation (.*)$/m.exec(there)?.[1] ?? ""}\n` };
    }
    const [, , verb = "", ...args] = exec.argv;
    if (verb.endsWith("-record")) return this.answerRecord(host, verb, args, exec.stdin);
    const [vni = ""] = args;
    this.calls.push({ host, verb, args, stdin: exec.stdin });
    const broken = this.answers.get(`${host} ${verb}`) ?? this.broken.get(host);
    if (broken) return broken;
    const key = `${host} ${/^vni (.*)$/m.exec(exec.stdin)?.[1] ?? vni}`;
    const before = this.documents.get(key);
    switch (verb) {
      case "apply":
        this.documents.set(key, exec.stdin);
        return {
          stdout:
            (before === exec.stdin ? "" : "differs the settings are new\n") +
            (this.endpoints.get(key) ?? "").replaceAll(/^(?=.)/gm, "endpoint "),
        };
      case "keep-endpoints":
        this.endpoints.set(key, (this.endpoints.get(key) ?? "") + exec.stdin);
        return {};
      case "forget-endpoints":
        this.endpoints.delete(key);
        return {};
      case "check": {
        if (before === undefined) return { stdout: "differs the network is not on the host\n" };
        const waiting = this.endpoints.has(key)
          ? "differs containers wait to be attached again\n"
          : "";
        return {
          stdout: (before === exec.stdin ? "" : "differs the settings differ\n") + waiting,
        };
      }
      case "names":
        this.documents.set(key, `${before?.split("names\n")[0]}names\n${exec.stdin}`);
        return {};
      case "introduce":
        return { stdout: `fact key ${host}\n` };
      case "activate":
      case "retire":
      case "take-back":
        return {};
      case "leave":
        this.documents.delete(key);
        this.endpoints.delete(key);
        return {};
      default:
        return { code: 4, stderr: `unknown verb ${verb}` };
    }
  }

  /** Records are called by their verb and kind: "put names". */
  private answerRecord(host: string, order: string, args: readonly string[], stdin: string) {
    const [kind = "", vni = "", , name = "", mark = ""] = args;
    const verb = `${order.replace("-record", "")} ${kind}`;
    this.calls.push({ host, verb, args, stdin });
    const broken = this.answers.get(`${host} ${verb}`) ?? this.broken.get(host);
    if (broken) return broken;
    const records = kind === "names" ? this.names : this.policies;
    const key = kind === "names" ? `${host} ${vni} ${name}` : `${host} ${vni}`;
    const there = records.get(key);
    switch (order) {
      case "put-record":
        if (!this.documents.has(`${host} ${vni}`))
          return { code: 4, stderr: "the network is not on the host" };
        records.set(key, stdin);
        return {};
      case "check-record":
        if (there === undefined)
          return { stdout: `absent\ndiffers the ${kind} are not on the host\n` };
        return { stdout: there === stdin ? "" : `differs the ${kind} differ\n` };
      default:
        if (there?.startsWith(`${mark}\n`) === true) records.delete(key);
        return {};
    }
  }
}

export function inputsOn(fakes: FakeHosts, ...names: string[]): VirtualNetworkInputs {
  return {
    meta: { project: "p", stack: "s", name: "app", urn: "urn:1" },
    cloud: "c",
    networkId: "app",
    driver: "vxlan",
    cidr: "10.42.0.0/16",
    vni: 42,
    mtu: 1450,
    domain: "app.clocker",
    dnsServers: [],
    outbound: true,
    records: { "web-0": ["10.42.1.10"], web: ["10.42.1.10", "10.42.2.10"] },
    hosts: names.map((name, index) => ({
      name,
      connection: fakes.connection(name),
      block: `10.42.${index + 1}.0/24`,
      gateway: `10.42.${index + 1}.1`,
      underlay: `192.0.2.${index + 1}`,
    })),
  };
}
