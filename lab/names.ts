import { createHash } from "node:crypto";
import { join } from "node:path";
import { LabError } from "./run.js";

/** Where labs live: one folder each, and one file per underlay subnet in use. */
export const LAB_ROOT = "/var/lib/clocker-lab";
export const SUBNETS_DIR = join(LAB_ROOT, ".subnets");
export const CGROUP_ROOT = "/sys/fs/cgroup";

/** Every name that a lab has outside its own folder. All derive from its name, so `down` needs nothing else. */
export interface LabNames {
  dir: string;
  record: string;
  inventory: string;
  key: string;
  knownHosts: string;
  /** A tmpfs with what the hosts wrote over this machine's root file system. */
  memory: string;
  /** Network namespace of the lab's switch: a file it is bound to, for `nsenter --net` and `ip`. */
  netns: string;
  /** This machine's link into the lab; 15 characters is the kernel's limit. */
  link: string;
  /** cgroup of the lab, a path below each controller. */
  cgroup: string;
}

/** A lab's name enters paths (a unix socket's is limited to 107 characters), cgroups and namespaces. */
export function checkLabName(name: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(name))
    throw new LabError(
      `"${name}" cannot be the name of a lab: use 1 to 40 lower-case letters, digits and dashes, beginning with a letter or digit`,
    );
}

export function labNames(name: string): LabNames {
  checkLabName(name);
  const dir = join(LAB_ROOT, name);
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 10);
  return {
    dir,
    record: join(dir, "lab.json"),
    inventory: join(dir, "inventory.json"),
    key: join(dir, "id"),
    knownHosts: join(dir, "known_hosts"),
    memory: join(dir, "mem"),
    netns: join(dir, "switch"),
    link: `cl${hash}`,
    cgroup: `clocker-lab-${name}`,
  };
}

export interface HostNames {
  /** On this machine's disk: images and containers, logs, /run. */
  dir: string;
  /** In the lab's tmpfs: the host's changes to the root file system. */
  memory: string;
  socket: string;
  cgroup: string;
  init: string;
}

export function hostNames(lab: LabNames, host: string): HostNames {
  const dir = join(lab.dir, "hosts", host);
  return {
    dir,
    memory: join(lab.memory, host),
    socket: join(dir, "run", "docker.sock"),
    cgroup: `${lab.cgroup}/${host}`,
    init: join(dir, "init.sh"),
  };
}
