import { CloudError, messageOf } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import { LABELS } from "../../host/ownership.js";
import type { Transport } from "../../host/transport.js";
import { progress, warn } from "../../progress.js";
import { mergedSettings } from "./daemon-settings.js";
import { dockerAnswers, dockerService, untilDockerAnswers } from "./docker-service.js";
import type { DockerHostInputs } from "./inputs.js";
import { mustRun } from "./must-run.js";
import { DAEMON_FILE, PENDING_FILE, type Probe } from "./probe-script.js";

/** Docker's settings rotate logs, or are not ours to change, and Docker was seen to run with them. */
export function isRotating(inputs: DockerHostInputs, probe: Probe): boolean {
  return probe.pending === "no" && newSettings(inputs, probe) === undefined;
}

/**
 * Settings that an earlier run wrote and never saw Docker start with, on a host where it does not answer: they may be
 * why, so those of before come back. True when something was taken back.
 */
export async function takeBackUnproven(
  inputs: DockerHostInputs,
  transport: Transport,
  probe: Probe,
): Promise<boolean> {
  if (probe.pending === "no" || (await dockerAnswers(inputs.access))) return false;
  await takeBack(transport);
  return true;
}

/**
 * Writes the settings, with a backup and a marker, and restarts Docker to take them over; they are taken back when it
 * does not start with them. The marker stays until then, so that a run that dies in between is continued by the next.
 */
export async function ensureRotation(
  inputs: DockerHostInputs,
  transport: Transport,
  probe: Probe,
): Promise<void> {
  const text = newSettings(inputs, probe);
  if (text === undefined && probe.pending === "no") return;
  if (text !== undefined || probe.pending === "waiting") {
    const running = await runningContainers(inputs);
    if (running.length > 0 && !inputs.prepare.allowRestart) {
      await warn(leftAlone(inputs.access.name, running, text === undefined));
      return;
    }
    progress("setting log rotation and restarting Docker");
    if (text !== undefined) await write(transport, text);
    await restart(inputs, transport, probe);
  }
  await transport.exec(["rm", "-f", PENDING_FILE]);
}

function newSettings(inputs: DockerHostInputs, probe: Probe): string | undefined {
  const { log } = inputs.prepare;
  return mergedSettings(inputs.access.name, probe.daemonJson, probe.daemonArguments, log);
}

/** What keeps Docker from being restarted, and what follows. */
function leftAlone(host: string, running: string[], isWritten: boolean): string {
  const more = running.length > 3 ? ` and ${running.length - 3} more` : "";
  const there = `containers run there (${running.slice(0, 3).join(", ")}${more})`;
  return isWritten
    ? `host ${host}: ${DAEMON_FILE} rotates container logs, but Docker was not restarted since and keeps them without a ` +
        `limit. It is not restarted because ${there}. Set allowRestart: true, or restart Docker there yourself.`
    : `host ${host}: Docker keeps container logs without a limit. Its settings are left alone, because taking them over ` +
        `needs a restart of the daemon and ${there}. Set allowRestart: true, or set log-opts in ${DAEMON_FILE} yourself.`;
}

/** The marker holds what was written, so that what somebody else has written since is not taken back. */
const WRITE = `set -e
mkdir -p "$(dirname "$1")"
rm -f "$1.before-clocker"
if [ -e "$1" ]; then cp -p "$1" "$1.before-clocker"; fi
cat >"$1.new"
cp "$1.new" "$2"
mv "$1.new" "$1"`;

async function write(transport: Transport, text: string): Promise<void> {
  await mustRun(transport, WRITE, [DAEMON_FILE, PENDING_FILE], text, `write ${DAEMON_FILE}`);
}

const TAKE_BACK = `set -e
if cmp -s "$1" "$2"; then
  if [ -e "$1.before-clocker" ]; then cp -p "$1.before-clocker" "$1"; else rm -f "$1"; fi
fi
rm -f "$2"`;

async function takeBack(transport: Transport): Promise<void> {
  const args = [DAEMON_FILE, PENDING_FILE];
  await mustRun(transport, TAKE_BACK, args, "", `put ${DAEMON_FILE} back`);
}

async function restart(
  inputs: DockerHostInputs,
  transport: Transport,
  probe: Probe,
): Promise<void> {
  try {
    await dockerService(transport, probe.systemd, "restart");
    await untilDockerAnswers(inputs.access);
  } catch (error) {
    await takeBack(transport);
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
}

/** Names of running containers, foreign ones first: those are what a restart must not touch unasked. */
async function runningContainers(inputs: DockerHostInputs): Promise<string[]> {
  const running = await dockerFor(inputs.access).listContainers({ status: ["running"] });
  const foreign = (labels: Record<string, string>) => (LABELS.owner in labels ? 1 : 0);
  return running
    .sort((a, b) => foreign(a.Labels) - foreign(b.Labels))
    .map((container) => (container.Names[0] ?? container.Id).replace(/^\//, ""));
}
