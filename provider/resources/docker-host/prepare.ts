import { CloudError, messageOf } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import { faultPoint } from "../../host/faults.js";
import { LABELS } from "../../host/ownership.js";
import { observeHost, type HostSnapshot } from "../../host/observe.js";
import { transportFor } from "../../host/pool.js";
import type { Transport } from "../../host/transport.js";
import { progress, warn } from "../../progress.js";
import { mergedSettings } from "./daemon-settings.js";
import { dockerAnswers, dockerService, untilDockerAnswers } from "./docker-service.js";
import { factsOf } from "./facts.js";
import type { DockerHostInputs, HostFacts } from "./inputs.js";
import { installPackages } from "../../host/packages.js";
import { missingPackages } from "./packages.js";
import {
  DAEMON_FILE,
  PROBE_SCRIPT,
  SYSCTL_FILE,
  SYSCTL_TEXT,
  parseProbe,
  type Probe,
} from "./probe-script.js";

type Snapshot = Extract<HostSnapshot, { reachable: true }>;

const OBSERVE_MS = 30_000;

/**
 * Makes a host ready and answers its facts. What is in place is left alone: the second time nothing changes, and
 * not even the lock is taken.
 */
export async function prepareHost(inputs: DockerHostInputs): Promise<HostFacts> {
  const transport = transportFor(inputs.access);
  progress("looking at the host");
  const [snapshot, probe] = await Promise.all([
    observeHost(inputs.access, { timeoutMs: OBSERVE_MS }),
    probeHost(transport),
  ]);
  if (!isPrepared(inputs, snapshot, probe)) {
    await transport.withLock("prepare", () => ensurePrepared(inputs, transport), {
      waitMs: 10 * 60_000,
    });
    await faultPoint("host-prepared", inputs.access.name);
  } else if (snapshot.engine) return factsOf(snapshot);
  return factsOf(await observeHost(inputs.access, { timeoutMs: OBSERVE_MS }));
}

async function probeHost(transport: Transport): Promise<Probe> {
  const result = await transport.script(PROBE_SCRIPT, [], { timeoutMs: OBSERVE_MS });
  if (result.code === 0) return parseProbe(result.stdout);
  const said = result.stderr.trim().split("\n").at(-1) ?? "";
  throw new CloudError("command", `cannot be examined (exit code ${result.code})`, {
    host: transport.connection.name,
    reasons: said ? [said] : [],
    hint: transport.connection.sudo
      ? "The login needs sudo without a password: <user> ALL=(ALL) NOPASSWD: ALL."
      : "The login must be able to run sh there.",
  });
}

/** Checks the engine's version on the way: too old is an error, never a silent upgrade. */
function isPrepared(inputs: DockerHostInputs, snapshot: Snapshot, probe: Probe): boolean {
  if (!snapshot.engine) return false;
  assertVersion(inputs, snapshot.engine.version);
  return (
    missingPackages(probe, false).length === 0 &&
    probe.ipForward &&
    probe.sysctlFile &&
    newSettings(inputs, probe) === undefined
  );
}

/** Under the lock: observe again, then each step only if it is missing. */
async function ensurePrepared(inputs: DockerHostInputs, transport: Transport): Promise<void> {
  let probe = await probeHost(transport);
  const install = !probe.commands.has("dockerd");
  if (install && !inputs.prepare.installDocker)
    throw new CloudError("unsupported", "Docker is not installed", {
      host: inputs.access.name,
      hint: "Set installDocker: true, or install Docker Engine 20.10 or later there.",
    });
  const packages = missingPackages(probe, install);
  if (packages.length > 0) {
    const system = { apt: probe.commands.has("apt-get"), name: probe.osName };
    await installPackages(transport, system, packages);
    probe = await probeHost(transport);
  }
  await ensureForwarding(transport, probe);
  await ensureRunning(inputs, transport, probe);
  await ensureSettings(inputs, transport, probe);
}

async function ensureForwarding(transport: Transport, probe: Probe): Promise<void> {
  if (probe.ipForward && probe.sysctlFile) return;
  progress("setting net.ipv4.ip_forward");
  const script = `set -e
mkdir -p /etc/sysctl.d
cat >"$1.new" && mv "$1.new" "$1"
[ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || echo 1 >/proc/sys/net/ipv4/ip_forward`;
  await mustRun(transport, script, [SYSCTL_FILE], SYSCTL_TEXT, "set net.ipv4.ip_forward");
}

async function ensureRunning(
  inputs: DockerHostInputs,
  transport: Transport,
  probe: Probe,
): Promise<void> {
  const docker = dockerFor(inputs.access);
  if (!(await dockerAnswers(inputs.access))) {
    progress("starting Docker");
    await dockerService(transport, probe.systemd, "start");
    await untilDockerAnswers(inputs.access);
  }
  assertVersion(inputs, (await docker.version()).Version);
}

/** Log rotation: written with a backup, and taken back when the daemon does not start with it. */
async function ensureSettings(
  inputs: DockerHostInputs,
  transport: Transport,
  probe: Probe,
): Promise<void> {
  const text = newSettings(inputs, probe);
  if (text === undefined) return;
  const running = await runningContainers(inputs);
  if (running.length > 0 && !inputs.prepare.allowRestart) {
    await warn(
      `host ${inputs.access.name}: Docker keeps container logs without a limit. Its settings are left alone, ` +
        `because taking them over needs a restart of the daemon and containers run there (${running.slice(0, 3).join(", ")}` +
        `${running.length > 3 ? ` and ${running.length - 3} more` : ""}). ` +
        `Set allowRestart: true, or set log-opts in ${DAEMON_FILE} yourself.`,
    );
    return;
  }
  progress("setting log rotation and restarting Docker");
  const write = `set -e
mkdir -p "$(dirname "$1")"
if [ -e "$1" ]; then cp -p "$1" "$1.before-clocker"; else : >"$1.absent-before-clocker"; fi
cat >"$1.new" && mv "$1.new" "$1"`;
  await mustRun(transport, write, [DAEMON_FILE], text, `write ${DAEMON_FILE}`);
  try {
    await dockerService(transport, probe.systemd, "restart");
    await untilDockerAnswers(inputs.access);
  } catch (error) {
    const back = `if [ -e "$1.before-clocker" ]; then cp -p "$1.before-clocker" "$1"; else rm -f "$1"; fi`;
    await transport.script(back, [DAEMON_FILE]);
    await dockerService(transport, probe.systemd, "restart").catch(() => {});
    throw new CloudError(
      "command",
      "Docker did not start with log rotation; its settings are as before",
      {
        host: inputs.access.name,
        reasons: [
          messageOf(error).split("\n")[0] ?? "",
          ...(error instanceof CloudError ? error.reasons : []),
        ],
        hint: `Set log-driver and log-opts in ${DAEMON_FILE} there yourself and run again.`,
        cause: error,
      },
    );
  }
  await transport.exec(["rm", "-f", `${DAEMON_FILE}.absent-before-clocker`]);
}

function newSettings(inputs: DockerHostInputs, probe: Probe): string | undefined {
  const { log } = inputs.prepare;
  return mergedSettings(inputs.access.name, probe.daemonJson, probe.daemonArguments, log);
}

/** Names of running containers, foreign ones first: those are what a restart must not touch unasked. */
async function runningContainers(inputs: DockerHostInputs): Promise<string[]> {
  const running = await dockerFor(inputs.access).listContainers({ status: ["running"] });
  const foreign = (labels: Record<string, string>) => (LABELS.owner in labels ? 1 : 0);
  return running
    .sort((a, b) => foreign(a.Labels) - foreign(b.Labels))
    .map((container) => (container.Names[0] ?? container.Id).replace(/^\//, ""));
}

function assertVersion(inputs: DockerHostInputs, version: string): void {
  const { minimumVersion } = inputs.prepare;
  if (!isOlder(version, minimumVersion)) return;
  throw new CloudError("unsupported", `Docker ${version} is older than ${minimumVersion}`, {
    host: inputs.access.name,
    hint: `Update Docker Engine there to ${minimumVersion} or later; it is not updated unasked.`,
  });
}

/** Compares versions part by part: 20.10.24+dfsg1 is not older than 20.10. */
export function isOlder(version: string, minimum: string): boolean {
  const parts = (text: string) =>
    text
      .split(/[.+~-]/)
      .slice(0, 3)
      .map((part) => Number.parseInt(part, 10) || 0);
  const [a, b] = [parts(version), parts(minimum)];
  for (const [i, wanted] of b.entries()) {
    const found = a[i] ?? 0;
    if (found !== wanted) return found < wanted;
  }
  return false;
}

async function mustRun(
  transport: Transport,
  script: string,
  args: string[],
  stdin: string,
  what: string,
) {
  const result = await transport.script(script, args, { stdin });
  if (result.code === 0) return;
  throw new CloudError("command", `cannot ${what} (exit code ${result.code})`, {
    host: transport.connection.name,
    reasons: [result.stderr.trim().split("\n").at(-1) ?? ""],
    hint: transport.connection.sudo
      ? "The login needs sudo without a password."
      : "Log in as root, or set sudo: true.",
  });
}
