import { CloudError } from "../../errors.js";
import { DAEMON_FILE } from "./probe-script.js";

/**
 * The daemon.json that rotates container logs, made from the one that is there; undefined when nothing is missing.
 * Only absent keys are added: what the owner of the machine set, in the file or on the command line, stays.
 */
export function mergedSettings(
  host: string,
  current: string,
  daemonArguments: string,
  log: { maxSizeBytes: number; maxFiles: number },
): string | undefined {
  const settings = parse(host, current);
  // A key both in the file and on the command line keeps the daemon from starting.
  if (/--log-(driver|opt)/.test(daemonArguments)) return undefined;
  const driver = settings["log-driver"];
  if (driver !== undefined && driver !== "json-file") return undefined;
  const options = settings["log-opts"];
  const present = typeof options === "object" && options !== null ? options : {};
  const wanted = { "max-size": size(log.maxSizeBytes), "max-file": String(log.maxFiles) };
  if (Object.keys(wanted).every((key) => key in present)) return undefined;
  const merged = { ...settings, "log-driver": "json-file", "log-opts": { ...wanted, ...present } };
  return `${JSON.stringify(merged, null, 2)}\n`;
}

function parse(host: string, text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below, in our words.
  }
  throw new CloudError("unsupported", `${DAEMON_FILE} is not a JSON object`, {
    host,
    hint: "Correct the file there; it is left as it is.",
  });
}

/** Docker's own spelling: 10m, 512k, 1000. */
function size(bytes: number): string {
  if (bytes % (1024 * 1024) === 0) return `${bytes / (1024 * 1024)}m`;
  return bytes % 1024 === 0 ? `${bytes / 1024}k` : String(bytes);
}
