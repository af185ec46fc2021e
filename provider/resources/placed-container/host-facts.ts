import type { DockerClient } from "../../host/docker.js";
import { LIST_SECRETS, secretsIn, type FoundSecrets } from "./secrets-removal.js";

/** What is read of a host once for each process. */
export interface HostNow {
  cpus: number;
  memoryBytes: number;
  arch: string;
  /** The host's own resolvers that a container can reach, at most 3. */
  resolvers: string[];
  /** Folders of secrets that were there, of all owners. */
  secrets: FoundSecrets;
}

const facts = new WeakMap<DockerClient, Promise<HostNow>>();

export function hostNow(docker: DockerClient): Promise<HostNow> {
  let found = facts.get(docker);
  if (!found) {
    found = read(docker);
    facts.set(docker, found);
    found.catch(() => facts.delete(docker));
  }
  return found;
}

// systemd-resolved keeps the real resolvers beside its stub, which only the host itself can reach.
const RESOLVERS = `cat /run/systemd/resolve/resolv.conf /etc/resolv.conf 2>/dev/null || true`;

const LOOK = `${RESOLVERS}
echo
${LIST_SECRETS}`;

async function read(docker: DockerClient): Promise<HostNow> {
  const [info, { stdout }] = await Promise.all([docker.info(), docker.transport.script(LOOK)]);
  return {
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
    arch: info.Architecture,
    resolvers: resolversIn(stdout),
    secrets: secretsIn(stdout),
  };
}

/** Name servers in the text of a resolv.conf without those of the host's loopback. */
export function resolversIn(text: string): string[] {
  const found = [...text.matchAll(/^\s*nameserver\s+([0-9a-fA-F.:]+)\s*$/gm)].map(
    (match) => match[1] ?? "",
  );
  return [...new Set(found.filter((address) => !/^(127\.|::1$)/.test(address)))].slice(0, 3);
}
