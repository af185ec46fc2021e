import { connect } from "node:net";
import type { HostConnection } from "../../provider/host/connection.js";
import { dockerFor } from "../../provider/host/docker.js";
import { transportFor } from "../../provider/host/pool.js";

/** What came of a TCP connection. "open": answered, also by a refusal, which only an open way brings back. */
export type Knock = "open" | "blocked";

/** Whom to ask, and from where: a container by its Docker id, or the host itself. */
export interface Attempt {
  id?: string;
  address: string;
  port: number;
}

/**
 * One TCP connection each from a container's own network namespace, with the host's bash, so that it works for images
 * that hold no tools. Standard input: pid ("1" for the host), address, port. A refusal is an answer; silence for a second
 * is not.
 */
const CONNECT = `while read -r pid address port; do
  (
    said=$(LC_ALL=C nsenter -t "$pid" -n timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>&1)
    code=$?
    case "$code $said" in 0\\ * | *refused*) echo "$pid $address $port open" ;; *) echo "$pid $address $port blocked" ;; esac
  ) &
done
wait`;

/** Connects from one host and its containers, all at once; the answers are in the order of the attempts. */
export async function connectFrom(
  connection: HostConnection,
  attempts: readonly Attempt[],
): Promise<Knock[]> {
  const pids = new Map<string | undefined, number>([[undefined, 1]]);
  for (const id of new Set(attempts.map((each) => each.id)))
    if (id !== undefined)
      pids.set(id, (await dockerFor(connection).inspectContainer(id)).State.Pid);
  const lines = attempts.map(({ id, address, port }) => `${pids.get(id)} ${address} ${port}`);
  const { stdout } = await transportFor(connection).script(CONNECT, [], {
    stdin: lines.map((line) => `${line}\n`).join(""),
  });
  const said = new Set(stdout.split("\n"));
  return lines.map((line) => (said.has(`${line} open`) ? "open" : "blocked"));
}

/** Milliseconds that an answer from outside may take. */
const PATIENCE = 1000;

/** Connects from this machine, which is outside. */
export function connectHere({ address, port }: Attempt): Promise<Knock> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const done = (knock: Knock) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(knock);
    };
    const timer = setTimeout(() => done("blocked"), PATIENCE);
    socket.once("connect", () => done("open"));
    socket.once("error", (error: NodeJS.ErrnoException) =>
      done(error.code === "ECONNREFUSED" ? "open" : "blocked"),
    );
  });
}
