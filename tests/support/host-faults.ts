import { spawn } from "node:child_process";
import { labExecArgv } from "../../lab/index.js";
import type { TestLab } from "./lab.js";

const RULES = (port: number, target: string[]) => [
  ["INPUT", "-p", "tcp", "--dport", String(port), "-j", ...target],
  ["OUTPUT", "-p", "tcp", "--sport", String(port), "-j", "DROP"],
];

/** Cuts a host's sshd off: packets vanish, or connections are refused. The answer mends it. */
export async function cutOff(
  lab: TestLab,
  host: string,
  how: "vanish" | "refuse",
): Promise<() => Promise<void>> {
  const { port } = lab.host(host);
  const rules =
    how === "vanish"
      ? RULES(port, ["DROP"])
      : RULES(port, ["REJECT", "--reject-with", "tcp-reset"]).slice(0, 1);
  for (const rule of rules) await lab.sh(host, "iptables", "-I", ...rule);
  let isCut = true;
  return async () => {
    if (!isCut) return;
    isCut = false;
    for (const rule of rules) await lab.sh(host, "iptables", "-D", ...rule);
  };
}

/** Holds a lock of ours on a host, as another engine would. The answer gives it back. */
export async function holdLock(lab: TestLab, host: string, name: string): Promise<() => void> {
  const file = `/run/lock/clocker-${name}.lock`;
  const script = `touch ${file}; exec 9<${file}; flock -x 9; echo held; read line`;
  const [command, ...args] = await labExecArgv(lab.name, host, ["sh", "-c", script]);
  const child = spawn(command!, args, { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((held) => child.stdout.once("data", held));
  return () => void child.stdin.end("\n");
}

/** How many wait for a lock of ours on a host. */
export async function waitersFor(lab: TestLab, host: string): Promise<number> {
  const text = await lab.sh(host, "ps", "-eo", "args");
  return text.split("\n").filter((line) => /^flock -x -w/.test(line)).length;
}

/** Stops or continues the host's Docker daemon. */
export async function signalDocker(
  lab: TestLab,
  host: string,
  signal: "STOP" | "CONT",
): Promise<void> {
  await lab.sh(host, "sh", "-c", `kill -${signal} $(cat /var/run/docker.pid)`);
}
