import { CloudError } from "../../errors.js";
import type { DockerClient } from "../../host/docker.js";
import type { ContainerInspect } from "../../host/docker-types.js";
import { redact } from "../../redact.js";
import type { ContainerSpec } from "./inputs.js";

export interface ReadyOptions {
  name: string;
  signal?: AbortSignal;
  onProgress?: (line: string) => void;
  /** Tests make time pass faster. */
  pause?: (ms: number) => Promise<void>;
  now?: () => number;
}

export type ReadySpec = Pick<ContainerSpec, "waitSeconds" | "restart" | "memoryBytes" | "health"> &
  Partial<Pick<ContainerSpec, "hardened" | "readOnlyRoot">>;

/** Without a health check: as long as this it must have been up. */
const SETTLE_MS = 500;
let settleMs = SETTLE_MS;

/** Tests settle faster; without an argument the real time is back. */
export function useSettleTime(ms = SETTLE_MS): void {
  settleMs = ms;
}

/** Restarts after which it is taken to fail every time. Docker has then waited 3 s between them in all. */
const MOST_RESTARTS = 5;
const LOG_LINES = 20;

/**
 * Waits until the container is healthy or, without a health check (of ours or of the image), has stayed up for a
 * moment; one that is not to be restarted may also have ended well. Throws `unhealthy` with the end of its log.
 */
export async function waitUntilReady(
  docker: DockerClient,
  id: string,
  spec: ReadySpec,
  options: ReadyOptions,
): Promise<ContainerInspect> {
  const { pause = sleep, now = Date.now } = options;
  const fail = (details: ContainerInspect, what: string): Promise<CloudError> =>
    unready(docker, details, spec, options.name, what);
  const begun = now();
  let first: ContainerInspect | undefined;
  let up: { since: number; startedAt: string } | undefined;
  for (let delay = 60; ; delay = Math.min(500, delay * 1.5)) {
    options.signal?.throwIfAborted();
    const details = await docker.inspectContainer(id);
    first ??= details;
    const { State } = details;
    const health = State.Health?.Status;
    const waits = health !== undefined && health !== "none";

    if (State.Running && !State.Restarting) {
      if (waits && health === "healthy") return details;
      if (up?.startedAt !== State.StartedAt) up = { since: now(), startedAt: State.StartedAt };
      if (!waits && now() - up.since >= settleMs) return details;
      const patience = (first.State.Health?.FailingStreak ?? 0) + (spec.health?.retries ?? 3);
      if (waits && health === "unhealthy" && (State.Health?.FailingStreak ?? 0) > patience) {
        const times = State.Health?.FailingStreak ?? 0;
        throw await fail(details, `is unhealthy: its check failed ${times} times`);
      }
    } else {
      up = undefined;
      if (endedWell(details, spec)) return details;
      if (!State.Restarting && State.Status !== "created") {
        throw await fail(details, endOf(details, spec));
      }
      if (details.RestartCount - first.RestartCount >= MOST_RESTARTS) {
        throw await fail(details, `restarts again and again: it ${endOf(details, spec)}`);
      }
    }
    const waited = (now() - begun) / 1000;
    if (waited >= spec.waitSeconds) {
      const wish = waits ? "healthy" : "running";
      throw await fail(details, `was not ${wish} within ${spec.waitSeconds} s`);
    }
    if (waited >= 1) {
      options.onProgress?.(
        `waiting until ${waits ? "healthy" : "it stays up"} (${Math.floor(waited)} s)`,
      );
    }
    await pause(!waits && up ? Math.max(1, settleMs - (now() - up.since)) : delay);
  }
}

/** A task that ran to its end and is not to be started again. */
export function endedWell(
  { State }: ContainerInspect,
  { restart }: Pick<ContainerSpec, "restart">,
): boolean {
  return (
    State.Status === "exited" &&
    State.ExitCode === 0 &&
    (restart.policy === "no" || restart.policy === "on-failure")
  );
}

function endOf(
  { State }: ContainerInspect,
  { memoryBytes }: Pick<ContainerSpec, "memoryBytes">,
): string {
  if (State.OOMKilled) {
    return `was killed: it used more than its memory limit of ${memoryBytes / 1024 / 1024} MiB`;
  }
  return `ended with exit code ${State.ExitCode}${State.Error ? ` (${redact(State.Error)})` : ""}`;
}

async function unready(
  docker: DockerClient,
  details: ContainerInspect,
  spec: ReadySpec,
  name: string,
  what: string,
): Promise<CloudError> {
  const check = details.State.Health?.Log?.at(-1);
  return new CloudError("unhealthy", `container ${name} ${what}`, {
    host: docker.transport.connection.name,
    resource: name,
    reasons: [
      ...(check && check.ExitCode !== 0
        ? [redact(`check: ${check.Output.trim().slice(0, 500)}`)]
        : []),
      ...(await lastLines(docker, details.Id)).map((line) => redact(`log: ${line}`)),
    ],
    hint: [
      ...restrictions(spec, details),
      "It was left there to be looked at; correct it and run again.",
    ].join(" "),
  });
}

/** What we forbid it beyond what ordinary images bear, and how to go on with that. */
function restrictions(spec: ReadySpec, { Config }: ContainerInspect): string[] {
  const user = (Config.User ?? "").split(":")[0];
  const isRoot = user === "" || user === "0" || user === "root";
  return [
    ...(spec.hardened && isRoot
      ? [
          'It is hardened and starts as root, which then cannot change to another user or take folders over: set "user" to the one its image has for that, or name what it needs in capabilities.add.',
        ]
      : []),
    ...(spec.readOnlyRoot || spec.hardened
      ? [
          "Its root is read-only except for /tmp and /run, which are empty at first: mount a volume or a tmpfs where it has to write.",
        ]
      : []),
  ];
}

async function lastLines(docker: DockerClient, id: string): Promise<string[]> {
  try {
    const text = await docker.logs(id, { tail: LOG_LINES, timeoutMs: 10_000 });
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.slice(-LOG_LINES).map((line) => line.slice(0, 500));
  } catch {
    return []; // the log driver has none to read, or the host went away: the failure itself is what counts
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
