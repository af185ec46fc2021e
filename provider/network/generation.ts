import { CloudError } from "../errors.js";
import type { DriverContext, HostPart } from "./driver.js";
import { NETWORK_ROOT } from "./names.js";

/** Says whether the network is on the host, and of which creation. */
export const SHOW_GENERATION = `
if [ -e "$1" ]; then echo "generation $(sed -n 's/^generation //p' "$1")"; fi
`;

/** Whether what the host has of this network is of another creation than this part: then it is not this one's to remove. */
export async function isOfAnother(
  { transport, signal }: DriverContext,
  part: HostPart,
): Promise<boolean> {
  const config = `${NETWORK_ROOT}/${part.vni}/config`;
  const options = signal ? { signal } : {};
  const { code, stdout, stderr } = await transport.script(SHOW_GENERATION, [config], options);
  if (code !== 0)
    throw new CloudError("command", `could not read ${config} (exit code ${code})`, {
      host: transport.connection.name,
      resource: part.networkId,
      reasons: [stderr.trim()].filter((line) => line !== ""),
      hint: "Run again: what is done is kept.",
    });
  const found = /^generation ?(.*)$/m.exec(stdout);
  return found !== null && found[1] !== (part.generation ?? "");
}
