import type { Command } from "commander";
import { flagsOf, positiveNumber, withStack } from "../commands/options.js";
import type { ExecFlags } from "./exec.js";
import type { LogFlags } from "./logs.js";
import type { CommonFlags } from "../commands/options.js";
import type { GraphFlags } from "./graph.js";
import type { TraceFlags } from "./net-trace.js";
import type { PlanFlags } from "./plan.js";

type Json = CommonFlags & { json?: boolean };

/** Adds the commands that look at a running cloud. They read the stack's state and ask its hosts; they change nothing. */
export function registerCloud(program: Command): void {
  const add = (signature: string, summary: string) =>
    withStack(program.command(signature)).summary(summary).option("-j, --json", "answer as JSON");

  add("hosts", "the cloud's hosts: capacity, what is reserved, whether they answer")
    .description(
      "Shows every host of the stack's clouds: labels, engine, containers, and what is reserved of its capacity.",
    )
    .action(async (_options: unknown, command: Command) =>
      (await import("./hosts.js")).hosts(flagsOf<Json>(command)),
    );

  add("ps", "the stack's containers and where they run")
    .description(
      "Shows every container of the stack with its host, its addresses and what Docker says of it now.",
    )
    .action(async (_options: unknown, command: Command) =>
      (await import("./ps.js")).ps(flagsOf<Json>(command)),
    );

  add("logs <container...>", "what containers wrote")
    .description(
      "Shows the output of one or more containers. `web-0` is enough where only one name ends so.",
    )
    .option("-f, --follow", "go on until Ctrl-C")
    .option("--tail <lines>", "only the last lines", positiveNumber)
    .option("-t, --timestamps", "begin each line with its time")
    .action(async (names: string[], _options: unknown, command: Command) =>
      (await import("./logs.js")).logs(names, flagsOf<LogFlags>(command)),
    );

  add("exec <container> <command...>", "run a command in a container")
    .description(
      "Runs a command in a container, with a terminal when there is one here: clocker exec web-0 sh",
    )
    .option("-u, --user <user>", "as this user of the container")
    .passThroughOptions()
    .action(async (name: string, argv: string[], _options: unknown, command: Command) =>
      (await import("./exec.js")).exec(name, argv, flagsOf<ExecFlags>(command)),
    );

  add("plan [container]", "why is it there, and why not elsewhere")
    .description(
      "Shows where the last plan put every container and why. With a container: what speaks for and against each host now.\n" +
        "With a change: the plan that would follow. Nothing is done.",
    )
    .option("--why <container>", "the same as naming the container")
    .option("--why-not <words...>", "only: why the container is not on this host (container host)")
    .option(
      "--what-if <changes>",
      'what would follow from "remove h2", "lose h2", "drain h2", "add h9 cpus=8 memory=16GiB zone=b", "scale web to 40" or "rebalance 5"',
    )
    .option("--n-1", "whether everything still has a place when any one host is lost")
    .action(async (name: string | undefined, _options: unknown, command: Command) =>
      (await import("./plan.js")).plan(name, flagsOf<PlanFlags>(command)),
    );

  const net = program.command("net").summary("the stack's networks, and who may reach whom");
  const look = (signature: string, summary: string) =>
    withStack(net.command(signature)).summary(summary).option("-j, --json", "answer as JSON");

  look("ls", "the networks: driver, addresses, hosts, policy")
    .description("Shows every network of the stack with the policy that it has.")
    .action(async (_options: unknown, command: Command) =>
      (await import("./net.js")).ls(flagsOf<Json>(command)),
    );

  look("inspect <network>", "one network: addresses, hosts, containers, names, policy")
    .description("Shows all that the stack's state says of one network. Asks no host.")
    .action(async (name: string, _options: unknown, command: Command) =>
      (await import("./net-inspect.js")).inspect(name, flagsOf<Json>(command)),
    );

  look("trace <from> <to>", "the way of a packet, and what allows or stops it")
    .description(
      "Shows how a packet gets from one container, host or `outside` to another: names, hosts, tunnels, MTU, published ports,\n" +
        "and the rule that lets it through or the lack of one. Asks no host, unless it is to measure.\n" +
        "Exit code 1 where what is measured is not what the state says.",
    )
    .option("--probe", "connect, and compare")
    .option("--port <port>", "connect to this TCP port", positiveNumber)
    .action(async (from: string, to: string, _options: unknown, command: Command) =>
      (await import("./net-trace.js")).trace(from, to, flagsOf<TraceFlags>(command)),
    );

  look("matrix [network]", "who may connect to whom, by the policies")
    .description(
      "Shows for every pair of containers on a network, and for the outside, what may be connected to. Asks no host.",
    )
    .action(async (name: string | undefined, _options: unknown, command: Command) =>
      (await import("./net.js")).matrix(name, flagsOf<Json>(command)),
    );

  look("probe [network]", "who really reaches whom, measured")
    .description(
      "Opens a TCP connection from every container to every other one of its network, and compares with the matrix.\nExit code 1 where they differ.",
    )
    .action(async (name: string | undefined, _options: unknown, command: Command) =>
      (await import("./net.js")).probe(name, flagsOf<Json>(command)),
    );

  add("graph", "a picture of the stack: hosts, networks, containers")
    .description(
      "Shows hosts, networks with their policies, and containers with their addresses and published ports. Asks no host.",
    )
    .option("--svg [file]", "as a picture, into a file or to standard output")
    .action(async (_options: unknown, command: Command) =>
      (await import("./graph.js")).graph(flagsOf<GraphFlags>(command)),
    );

  add("doctor", "what is ours on the hosts, what is not, and what is left over")
    .description(
      "Compares what is on the hosts with the stack's state: owned, foreign and orphan objects, and each host's health.\nExit code 1 when something needs attention.",
    )
    .action(async (_options: unknown, command: Command) =>
      (await import("./doctor.js")).doctor(flagsOf<Json>(command)),
    );
}
