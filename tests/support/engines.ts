import { inject, it } from "vitest";
import { describeLab } from "./lab.js";

/**
 * `describeLab` twice: on hosts with this machine's Docker Engine, which is Docker 20.10 on a Debian 12, and on hosts with
 * Docker 28, from which on it has firewall rules of its own against whoever comes to a container past its bridge. The
 * second is skipped with the reason where there is no Docker 28.
 *
 * @param body gets `engine` for `withLab`: nothing, or the folder of Docker 28
 */
export function describeEngines(title: string, body: (on: { engine?: string }) => void): void {
  describeLab(title, () => body({}));
  describeDocker28(title, (engine) => body({ engine }));
}

/** The second half of `describeEngines`, for what has tests on this machine's Docker Engine elsewhere. */
export function describeDocker28(title: string, body: (engine: string) => void): void {
  describeLab(`${title}, on Docker 28`, () => {
    const docker = inject("docker28");
    if ("folder" in docker) body(docker.folder);
    else it.skip(docker.reason);
  });
}
