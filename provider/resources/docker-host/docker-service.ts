import { CloudError } from "../../errors.js";
import { dockerFor } from "../../host/docker.js";
import type { HostConnection } from "../../host/connection.js";
import type { Transport } from "../../host/transport.js";

/**
 * systemd refuses a service that was started a few times within a minute, also when it was us who did, or when it
 * failed with settings that have been taken back since: so what it counted is forgotten first. What the daemon said
 * last is in the journal only.
 */
const WITH_SYSTEMD = `
systemctl reset-failed docker.service docker.socket 2>/dev/null
systemctl "$1" docker && exit 0
code=$?
journalctl --quiet --no-pager --output cat --lines 1 _SYSTEMD_UNIT=docker.service _COMM=dockerd >&2
exit $code`;

/** Starts Docker or starts it again, by systemd or the script of the distribution. */
export async function dockerService(
  transport: Transport,
  systemd: boolean,
  verb: "start" | "restart",
): Promise<void> {
  const script = ["/etc/init.d/docker", verb];
  const options = { timeoutMs: 120_000 };
  const result = systemd
    ? await transport.script(WITH_SYSTEMD, [verb], options)
    : await transport.exec(script, options);
  if (result.code === 0) return;
  const command = systemd ? `systemctl ${verb} docker` : script.join(" ");
  throw new CloudError("command", `cannot ${verb} Docker (exit code ${result.code})`, {
    host: transport.connection.name,
    reasons: [(result.stderr || result.stdout).trim().split("\n").at(-1) ?? ""],
    hint: `Run "${command}" there and look at its log.`,
  });
}

/** True when the daemon answers; that the host cannot be reached is an error. */
export async function dockerAnswers(access: HostConnection): Promise<boolean> {
  try {
    await dockerFor(access).ping({ timeoutMs: 10_000 });
    return true;
  } catch (error) {
    if (error instanceof CloudError && error.code !== "docker" && error.code !== "deadline")
      throw error;
    return false;
  }
}

/** Waits for a daemon that was just started, at most 60 s. */
export async function untilDockerAnswers(access: HostConnection): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until;) {
    // A socket that closes while the daemon starts looks like a lost connection.
    if (await dockerAnswers(access).catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new CloudError("docker", "Docker does not answer 60 s after it was started", {
    host: access.name,
    hint: "Look at the daemon's log there (journalctl -u docker).",
  });
}
