import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { folderOf, type CommonFlags } from "../commands/options.js";
import { printJson } from "../commands/table.js";
import { topologyOf } from "./graph/model.js";
import { topologySvg } from "./graph/svg.js";
import { topologyText } from "./graph/text.js";
import { cloudState } from "./state.js";

/** `svg`: a file's name, "-" or nothing for standard output. */
export type GraphFlags = CommonFlags & { json?: boolean; svg?: string | true };

/** `clocker graph`: hosts, networks and containers, and how they hang together. Asks no host. */
export async function graph(flags: GraphFlags): Promise<void> {
  const topology = topologyOf(await cloudState(flags));
  if (flags.json) return printJson(topology);
  if (flags.svg === undefined) return console.log(topologyText(topology));
  const picture = topologySvg(topology);
  if (flags.svg === true || flags.svg === "-") process.stdout.write(picture);
  else {
    const file = resolve(folderOf(flags), flags.svg);
    await writeFile(file, picture);
    console.log(`The picture is in ${file}`);
  }
}
