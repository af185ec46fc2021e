import { createHash } from "node:crypto";
import { CloudError } from "../../errors.js";
import type { ExecResult, Transport } from "../../host/transport.js";
import { redact, registerSecret } from "../../redact.js";
import { uidOf } from "./defaults.js";
import type { ContainerSpec } from "./inputs.js";

/**
 * Secrets are files in the host's memory, bound read-only into the one container they are for: a folder for each
 * container under ROOT, which only root may enter and which is a tmpfs. Empty files are there before the container is
 * made, since Docker wants to see what it is to bind; the values are written over standard input once it is made, before
 * its start. So they stand in no argv, no `docker inspect` and on no disk, never on a host without the container that
 * tells whose they are, and a restart of the container or of dockerd finds them there. A file belongs to the container's
 * user if that is a number, and only it may read it; otherwise, since the image alone knows who reads it, everyone
 * inside the container may (0444, as Swarm's secrets are).
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

/** The folder `$2` under the root `$1`, which is in memory. */
const FOLDER = `root=$1; folder=$2
umask 022
mkdir -p "$root" && chmod 0700 "$root" || exit 70
exec 9<"\${root%/*}" && flock 9 || exit 70 # two at once would mount one over the other's files
case "$(stat -f -c %T "$root")" in
  tmpfs|ramfs) ;;
  *) mount -t tmpfs -o mode=0700,size=64m,nosuid,nodev,noexec tmpfs "$root" || exit 71 ;;
esac
exec 9<&-
mkdir -p "$root/$folder/files" "$root/$folder/at" || exit 72`;

const RESERVE = `${FOLDER}
shift 2
for file in "$@"; do
  [ -e "$root/$folder/$file" ] || : >"$root/$folder/$file" || exit 73
done`;

const WRITE = `${FOLDER}
count=$3
written=0
while read -r name mode uid data; do
  file=$root/$folder/$name
  ( umask 077; printf %s "$data" | base64 -d >"$file.new" ) || exit 73
  chown "$uid" "$file.new" && chmod "$mode" "$file.new" && mv -f "$file.new" "$file" || exit 73
  written=$((written + 1))
done
[ "$written" = "$count" ] || exit 74`;

/** Makes the files that a container will bind, still empty. */
export async function reserveSecrets(
  transport: Transport,
  folder: string,
  { secrets }: ContainerSpec,
): Promise<void> {
  const args = [SECRETS_ROOT, folderName(folder), ...secrets.map(fileOf)];
  assertWritten(transport, await transport.script(RESERVE, args));
}

/** Writes all secrets of a container; again is the same as once. */
export async function writeSecrets(
  transport: Transport,
  folder: string,
  spec: ContainerSpec,
): Promise<void> {
  if (spec.secrets.length === 0) return;
  const lines = spec.secrets.map((secret) =>
    [
      fileOf(secret),
      secret.mode ?? "0400", // of a state that was written before check filled it in
      String(secret.uid ?? uidOf(spec.user) ?? 0),
      Buffer.from(secret.value).toString("base64"),
    ].join(" "),
  );
  const args = [SECRETS_ROOT, folderName(folder), String(lines.length)];
  const result = await transport.script(WRITE, args, { stdin: `${lines.join("\n")}\n` });
  assertWritten(transport, result);
}

/** Its place in the folder: those below /run/secrets are bound together, others one by one. */
const fileOf = ({ name, path }: ContainerSpec["secrets"][number]) =>
  `${path === undefined ? "files" : "at"}/${name}`;

function assertWritten(transport: Transport, { code, stderr }: ExecResult): void {
  if (code === 0) return;
  const said = stderr.trim();
  throw new CloudError(
    "command",
    `cannot write the secrets' files to ${SECRETS_ROOT} (exit code ${code})`,
    {
      host: transport.connection.name,
      ...(said === "" ? {} : { reasons: [redact(said)] }),
      hint: "The login user needs to be root or to have sudo: true, and the host tmpfs, flock and base64.",
    },
  );
}

/** The folder of secrets among what a container binds, or undefined. */
export function secretsFolderIn(mounts: readonly { Source?: string }[]): string | undefined {
  for (const { Source = "" } of mounts) {
    const match = /^(\/run\/clocker\/secrets\/[0-9a-f]{16}-[0-9a-f]{8})\//.exec(Source);
    if (match) return match[1];
  }
  return undefined;
}

/** What the folders of all of an owner's containers begin with. */
export function folderPrefix(owner: string): string {
  return `${createHash("sha256").update(owner).digest("hex").slice(0, 16)}-`;
}

/** A folder's name below the root; refuses all but a folder of secrets. */
export function folderName(folder: string): string {
  const name = folder.slice(SECRETS_ROOT.length + 1);
  if (!FOLDER_NAME.test(name)) {
    throw new CloudError("internal", "this is not a folder of secrets");
  }
  return name;
}

export const FOLDER_NAME = /^[0-9a-f]{16}-[0-9a-f]{8}$/;
