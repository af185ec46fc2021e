import { createHash } from "node:crypto";
import { CloudError } from "../../errors.js";
import type { Transport } from "../../host/transport.js";
import { redact, registerSecret } from "../../redact.js";
import { uidOf } from "./defaults.js";
import type { ContainerSpec } from "./inputs.js";

/**
 * Secrets are files in the host's memory, bound read-only into the one container they are for: a folder for each
 * container under ROOT, which only root may enter and which is a tmpfs. They are written over standard input before
 * the container is made, so they stand in no argv, no `docker inspect` and on no disk, and a restart of the container
 * or of dockerd finds them there. A file belongs to the container's user if that is a number, and only it may read it;
 * otherwise, since the image alone knows who reads it, everyone inside the container may (0444, as Swarm's secrets are).
 *
 * A reboot of the host empties ROOT. Docker then refuses to start the container, since what it is to bind is missing:
 * it stays down rather than run without its secrets, and the next `up` after a refresh writes them and starts it.
 */
export const SECRETS_ROOT = "/run/clocker/secrets";

/** Folder of one container's secrets. Found again by owner; nothing else can be learned from it. */
export function secretsFolder(owner: string, generation: string): string {
  return `${SECRETS_ROOT}/${folderPrefix(owner)}${generation}`;
}

/** Makes every message of this process free of the values. */
export function registerSecrets({ secrets, secretEnv }: ContainerSpec): void {
  for (const { value } of secrets) registerSecret(value);
  registerSecret(secretEnv);
}

const WRITE = `root=$1; folder=$2; count=$3
umask 022
mkdir -p "$root" && chmod 0700 "$root" || exit 70
exec 9<"\${root%/*}" && flock 9 || exit 70 # two at once would mount one over the other's files
case "$(stat -f -c %T "$root")" in
  tmpfs|ramfs) ;;
  *) mount -t tmpfs -o mode=0700,size=64m,nosuid,nodev,noexec tmpfs "$root" || exit 71 ;;
esac
exec 9<&-
mkdir -p "$root/$folder/files" "$root/$folder/at" || exit 72
written=0
while read -r sub name mode uid data; do
  file=$root/$folder/$sub/$name
  ( umask 077; printf %s "$data" | base64 -d >"$file.new" ) || exit 73
  chown "$uid" "$file.new" && chmod "$mode" "$file.new" && mv -f "$file.new" "$file" || exit 73
  written=$((written + 1))
done
[ "$written" = "$count" ] || exit 74`;

/** Writes all secrets of a container; again is the same as once. */
export async function writeSecrets(
  transport: Transport,
  folder: string,
  spec: ContainerSpec,
): Promise<void> {
  if (spec.secrets.length === 0) return;
  const lines = spec.secrets.map(({ name, value, path, mode, uid }) =>
    [
      path === undefined ? "files" : "at",
      name,
      mode ?? "0400", // of a state that was written before check filled it in
      String(uid ?? uidOf(spec.user) ?? 0),
      Buffer.from(value).toString("base64"),
    ].join(" "),
  );
  const args = [SECRETS_ROOT, folderName(folder), String(lines.length)];
  const result = await transport.script(WRITE, args, { stdin: `${lines.join("\n")}\n` });
  if (result.code === 0) return;
  const said = result.stderr.trim();
  throw new CloudError(
    "command",
    `cannot write the secrets' files to ${SECRETS_ROOT} (exit code ${result.code})`,
    {
      host: transport.connection.name,
      ...(said === "" ? {} : { reasons: [redact(said)] }),
      hint: "The login user needs to be root or to have sudo: true, and the host tmpfs, flock and base64.",
    },
  );
}

/** The folder of secrets among what a container binds, or undefined. */
export function secretsFolderIn(mounts: readonly { Source: string }[]): string | undefined {
  for (const { Source } of mounts) {
    const match = /^(\/run\/clocker\/secrets\/[0-9a-f]{16}-[0-9a-f]{8})\//.exec(Source);
    if (match) return match[1];
  }
  return undefined;
}

const REMOVE = `root=$1; shift
for folder in "$@"; do rm -rf -- "$root/$folder"; done`;

/** Removes a container's secrets; those of others cannot be named. */
export async function removeSecrets(transport: Transport, folder: string): Promise<void> {
  await transport.script(REMOVE, [SECRETS_ROOT, folderName(folder)]);
}

const SWEEP = `root=$1; prefix=$2; shift 2
for path in "$root/$prefix"*; do
  [ -d "$path" ] || continue
  for keep in "$@"; do [ "$path" = "$root/$keep" ] && continue 2; done
  rm -rf -- "$path"
done`;

/** Removes what dead creations of the same owner left, all but the folders in use. */
export async function sweepSecrets(
  transport: Transport,
  owner: string,
  inUse: readonly string[],
): Promise<void> {
  await transport.script(SWEEP, [SECRETS_ROOT, folderPrefix(owner), ...inUse.map(folderName)]);
}

function folderPrefix(owner: string): string {
  return `${createHash("sha256").update(owner).digest("hex").slice(0, 16)}-`;
}

function folderName(folder: string): string {
  const name = folder.slice(SECRETS_ROOT.length + 1);
  if (!/^[0-9a-f]{16}-[0-9a-f]{8}$/.test(name)) {
    throw new CloudError("internal", "this is not a folder of secrets");
  }
  return name;
}
