import { CloudError } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import { faultPoint } from "../../host/faults.js";
import { observeHost, type HostSnapshot } from "../../host/observe.js";
import { transportFor } from "../../host/pool.js";
import type { Transport } from "../../host/transport.js";
import { progress } from "../../progress.js";
import { dockerAnswers, dockerService, untilDockerAnswers } from "./docker-service.js";
import { factsOf } from "./facts.js";
import type { DockerHostInputs, HostFacts } from "./inputs.js";
import { installPackages } from "../../host/packages.js";
import { ensureRotation, isRotating, takeBackUnproven } from "./log-rotation.js";
import { mustRun } from "./must-run.js";
import { missingPackages } from "./packages.js";
import { PROBE_SCRIPT, SYSCTL_FILE, SYSCTL_TEXT, parseProbe, type Probe } from "./probe-script.js";

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
    isRotating(inputs, probe)
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
  if (await takeBackUnproven(inputs, transport, probe)) probe = await probeHost(transport);
  await ensureRunning(inputs, transport, probe);
  await ensureRotation(inputs, transport, probe);
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
