import { CloudError } from "../errors.js";
import type { ContainerSummary } from "./docker-types.js";
import { LABELS } from "./ownership.js";
import type { Transport } from "./transport.js";

/** What a container takes of its host. */
export interface Reservation {
  cpus: number;
  memoryBytes: number;
}

/**
 * A reservation is written on the container as labels when it is made. Limits can change while it runs and labels
 * cannot, so what was granted since stands in a file named by the container's id. This folder and the labels are the
 * one truth for the plan, the claim and `clocker hosts`: one look at a host sees all of it, without an inspect for
 * each container.
 */
const ROOT = "/var/lib/clocker/reservations";

/** Part of the observation's script: `reservation <id> <cpus> <bytes>` for each container whose limits changed. */
export const REPORT_RESERVATIONS = `for file in ${ROOT}/*; do
  [ -f "$file" ] && read -r amounts <"$file" && printf 'reservation %s %s\\n' "\${file##*/}" "$amounts"
done`;

/** Changed reservations by container id, from the script's output; other lines are passed over. */
export function parseReservations(text: string): Record<string, Reservation> {
  const found: Record<string, Reservation> = {};
  for (const line of text.split("\n")) {
    const match = /^reservation ([0-9a-f]{64}) (\d+(?:\.\d+)?) (\d+)$/.exec(line);
    if (match?.[1]) found[match[1]] = { cpus: Number(match[2]), memoryBytes: Number(match[3]) };
  }
  return found;
}

/** What a container of ours reserves now; one that is not ours reserves nothing. */
export function reservationOf(
  { Id, Labels }: Pick<ContainerSummary, "Id" | "Labels">,
  changed: Readonly<Record<string, Reservation>>,
): Reservation {
  return (
    changed[Id] ?? { cpus: amount(Labels[LABELS.cpus]), memoryBytes: amount(Labels[LABELS.memory]) }
  );
}

function amount(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isFinite(value) && value > 0 ? value : 0;
}

/** All changed reservations of the host. */
export async function readReservations(transport: Transport): Promise<Record<string, Reservation>> {
  const { stdout } = await transport.script(REPORT_RESERVATIONS, [], { asUser: true });
  return parseReservations(stdout);
}

const WRITE = `root=$1; id=$2; amounts=$3
umask 022
# Another container's note that goes may take the empty folder away in between.
for try in 1 2 3; do
  mkdir -p "$root" && printf '%s\\n' "$amounts" >"$root/.$id" && mv -f "$root/.$id" "$root/$id" && exit 0
done
exit 1`;

/** Notes what a running container reserves from now on. Call it while the claim's lock is held. */
export async function writeReservation(
  transport: Transport,
  id: string,
  { cpus, memoryBytes }: Reservation,
): Promise<void> {
  const result = await transport.script(WRITE, [ROOT, id, `${cpus} ${memoryBytes}`]);
  if (result.code === 0) return;
  throw new CloudError("command", `cannot write ${ROOT} (exit code ${result.code})`, {
    host: transport.connection.name,
    reasons: [result.stderr.trim().slice(0, 500) || "no reason given"],
    hint: "The login user needs to be root or to have sudo: true.",
  });
}

const FORGET = `rm -f -- "$1/$2"
rmdir "$1" "\${1%/*}" 2>/dev/null || true`;

/** The container is gone; with the last note, so is the folder. */
export async function forgetReservation(transport: Transport, id: string): Promise<void> {
  await transport.script(FORGET, [ROOT, id]);
}
