import type { CommonFlags } from "../commands/options.js";
import { printJsonLine } from "../commands/table.js";
import { dockerFor } from "../../provider/host/docker.js";
import { cloudState, findContainer } from "./state.js";

export interface LogFlags extends CommonFlags {
  follow?: boolean;
  tail?: number;
  timestamps?: boolean;
  json?: boolean;
}

/** `clocker logs`: one or several containers, with `--follow` until Ctrl-C. Several are told apart by their names. */
export async function logs(names: readonly string[], flags: LogFlags): Promise<void> {
  const cloud = await cloudState(flags);
  const containers = names.map((name) => findContainer(cloud, name));
  const abort = new AbortController();
  process.once("SIGINT", () => abort.abort());
  await Promise.all(
    containers.map(async ({ id, name, state }) => {
      const write = writer(name, flags.json ? "json" : containers.length > 1 ? "prefix" : "plain");
      await dockerFor(state.place.connection)
        .streamLogs(
          id,
          {
            signal: abort.signal,
            follow: flags.follow ?? false,
            timestamps: flags.timestamps ?? false,
            ...(flags.tail === undefined ? {} : { tail: flags.tail }),
          },
          write,
        )
        .catch((error: unknown) => {
          if (!abort.signal.aborted) throw error;
        });
    }),
  );
}

/** Whole lines, so that the output of several containers does not run together. */
function writer(name: string, form: "plain" | "prefix" | "json") {
  const rest = { stdout: "", stderr: "" };
  return (stream: "stdout" | "stderr", text: string) => {
    if (form === "plain") {
      process[stream].write(text);
      return;
    }
    const lines = (rest[stream] + text).split("\n");
    rest[stream] = lines.pop() ?? "";
    for (const line of lines) {
      if (form === "json") printJsonLine({ container: name, stream, line });
      else process.stdout.write(`${name}  ${line}\n`);
    }
  };
}
