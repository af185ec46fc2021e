import type { DockerClient } from "../../host/docker.js";
import { ourContainers } from "../../host/our-containers.js";
import type { Transport } from "../../host/transport.js";
import { FOLDER_NAME, folderName, folderPrefix, SECRETS_ROOT, secretsFolderIn } from "./secrets.js";

const REMOVE = `root=$1; shift
for folder in "$@"; do rm -rf -- "$root/$folder"; done`;

/** Removes a container's secrets; those of others cannot be named. */
export async function removeSecrets(transport: Transport, folder: string): Promise<void> {
  await transport.script(REMOVE, [SECRETS_ROOT, folderName(folder)]);
}

/** Part of the first look at a host: the names of all folders of secrets, one a line. */
export const LIST_SECRETS = `ls ${SECRETS_ROOT} 2>/dev/null || true`;

/** The folders of secrets that a host had when this process first looked. */
export interface FoundSecrets {
  names: Set<string>;
  /** Those that no container binds were looked at once, whoever's they are. */
  isSwept: boolean;
}

/** The folders in its output; other lines are passed over. */
export function secretsIn(text: string): FoundSecrets {
  const names = text.split("\n").filter((line) => FOLDER_NAME.test(line));
  return { names: new Set(names), isSwept: false };
}

/** Minutes after which no creation is still on its way from its folder to its container. */
const ABANDONED_MINUTES = 60;

/**
 * Minutes after which what has been written belongs to a container that has gone: values are written only once their container is
 * there, so one that is not in a list of seconds ago was removed.
 */
const WRITTEN_MINUTES = 5;

/** $1 root, $2 prefix of the owner's folders, $3 and $4 minutes; the rest: folders that no container binds. */
export const SWEEP = `root=$1; prefix=$2; minutes=$3; written=$4; shift 4
for folder in "$@"; do
  case $folder in
    "$prefix"*) ;;
    *) [ -n "$(find "$root/$folder" -prune -mmin "+$minutes" 2>/dev/null
        find "$root/$folder" -type f -size +0 -mmin "+$written" 2>/dev/null)" ] || continue ;;
  esac
  rm -rf -- "$root/$folder"
done`;

/**
 * Removes the folders among `found` that no container binds: this owner's, whose containers are made one after another,
 * at once; those of others, once a process, when they are too old to belong to a creation under way, or were written to for a container
 * that is not there any more. They are left by creations that died and by containers that were removed by hand.
 */
export async function sweepSecrets(
  docker: DockerClient,
  owner: string,
  found: FoundSecrets,
): Promise<void> {
  if (found.names.size === 0) return;
  const rows = await ourContainers(docker);
  const bound = new Set(rows.map(({ Mounts }) => secretsFolderIn(Mounts)));
  const left = [...found.names].filter((name) => !bound.has(`${SECRETS_ROOT}/${name}`));
  const prefix = folderPrefix(owner);
  const mine = left.filter((name) => name.startsWith(prefix));
  const swept = found.isSwept ? mine : left;
  found.isSwept = true;
  if (swept.length === 0) return;
  const args = [SECRETS_ROOT, prefix, String(ABANDONED_MINUTES), String(WRITTEN_MINUTES), ...swept];
  await docker.transport.script(SWEEP, args);
  for (const name of mine) found.names.delete(name);
}
