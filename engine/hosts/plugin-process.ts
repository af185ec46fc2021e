import type { Link } from "../link/link.js";
import type { Child, Children } from "./child.js";

export interface PluginLaunch {
  /** For messages: `provider pulumi-nodejs`. */
  label: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  linked?: boolean;
  /** What the plugin prints after its port. */
  onLine: (line: string, stream: "out" | "error") => void;
}

/** .NET writes a progress sequence in front of the port. */
const PROGRESS_SEQUENCE = /\u001b\]9;4;3;\u001b\\/g;

/** Starts a plugin and waits for its port, the first line on stdout. */
export async function startPlugin(
  children: Children,
  launch: PluginLaunch,
  serve: (link: Link) => void = () => undefined,
): Promise<{ child: Child; port: number }> {
  const noise: string[] = [];
  let found: (port: number) => void = () => undefined;
  let refuse: (error: Error) => void = () => undefined;
  const port = new Promise<number>((resolve, reject) => {
    found = resolve;
    refuse = reject;
  });
  let first = true;
  const child = children.start({
    ...launch,
    onLine: (line, stream) => {
      if (first && stream === "out") {
        first = false;
        const number = Number(line.replace(PROGRESS_SEQUENCE, "").trim());
        if (Number.isInteger(number) && number > 0) found(number);
        else refuse(new Error(`${launch.label} printed "${line}" where its port was expected`));
        return;
      }
      if (first) noise.push(line);
      launch.onLine(line, stream);
    },
  });
  if (child.link) serve(child.link);
  child.exited.then(
    ({ code, signal }) =>
      refuse(
        new Error(
          [
            `${launch.label} ended (${signal ?? `exit code ${code}`}) before it was ready`,
            ...noise,
          ].join("\n"),
        ),
      ),
    refuse,
  );
  return { child, port: await port };
}
