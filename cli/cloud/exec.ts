import type { CommonFlags } from "../commands/options.js";
import { printJson } from "../commands/table.js";
import { finish } from "../program.js";
import { CloudError } from "../../provider/errors.js";
import { dockerFor } from "../../provider/host/docker.js";
import { Demultiplexer } from "../../provider/host/docker-stream.js";
import { cloudState, findContainer } from "./state.js";

export interface ExecFlags extends CommonFlags {
  user?: string;
  json?: boolean;
}

/** `clocker exec web-0 -- sh`: a command in a container, with a terminal when there is one here. */
export async function exec(
  wanted: string,
  given: readonly string[],
  flags: ExecFlags,
): Promise<void> {
  // What follows the container is passed through as it is, the separator included.
  const argv = given[0] === "--" ? given.slice(1) : given;
  const cloud = await cloudState(flags);
  const { id, name, state } = findContainer(cloud, wanted);
  const docker = dockerFor(state.place.connection);
  const user = flags.user === undefined ? {} : { user: flags.user };
  if (flags.json) {
    const result = await docker.exec(id, argv, user).catch(explained(name, state.place.host));
    printJson({ container: name, host: state.place.host, ...result });
    finish(result.code);
    return;
  }
  const tty = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const session = await docker
    .openExec(id, argv, { tty, stdin: true, ...user })
    .catch(explained(name, state.place.host));
  const { stream } = session;
  const resize = () => {
    // A lost resize only makes lines wrap in the wrong place.
    void session.resize(process.stdout.rows, process.stdout.columns).catch(() => undefined);
  };
  if (tty) {
    process.stdin.setRawMode(true);
    resize();
    process.stdout.on("resize", resize);
  }
  process.stdin.on("data", (bytes: Buffer) => stream.write(bytes));
  process.stdin.on("end", () => stream.end());
  const frames = new Demultiplexer((from, bytes) => process[from].write(bytes));
  try {
    await new Promise<void>((resolve, reject) => {
      stream.on("data", (bytes: Buffer) =>
        tty ? process.stdout.write(bytes) : frames.push(bytes),
      );
      stream.once("error", reject);
      stream.once("close", resolve);
      stream.once("end", resolve);
    });
  } finally {
    if (tty) process.stdin.setRawMode(false);
    process.stdin.pause();
    process.stdout.off("resize", resize);
    stream.destroy();
  }
  finish((await session.exitCode()) ?? 0);
}

/** Docker speaks of ids; users know names. */
function explained(name: string, host: string) {
  return (error: unknown): never => {
    if (!(error instanceof CloudError) || (error.status !== 409 && error.status !== 404))
      throw error;
    throw new CloudError(
      "docker",
      `container ${name} is ${error.status === 404 ? "gone" : "not running"}`,
      {
        host,
        hint: `See \`clocker logs ${name}\`; \`clocker refresh\` and then \`clocker up\` bring it back.`,
        cause: error,
      },
    );
  };
}
