import { CloudError } from "../provider/errors.js";
import { parseChanges, type Candidate, type Change } from "../provider/placement/index.js";
import { bytesOf } from "./units.js";

/**
 * Reads `--what-if`: changes with commas between them. Beside the forms that placement knows, a host can be added by
 * name: `add h9 cpus=8 memory=16GiB zone=b`; what it does not say it has as the cloud's first host.
 */
export function readChanges(text: string): Change[] {
  return text.split(",").flatMap((part): Change[] => {
    const added = addedHost(part.trim());
    if (added) return [added];
    const changes = parseChanges(part);
    if ("error" in changes) {
      throw new CloudError("invalid-input", changes.error, {
        hint: 'A host can be added by name too: "add h9 cpus=8 memory=16GiB zone=b".',
      });
    }
    return changes;
  });
}

/** Words that begin one of placement's own forms. */
const NOT_NAMES = /^(\d+|an?|host|hosts)$/i;

function addedHost(text: string): Change | undefined {
  const [verb = "", name = "", ...words] = text.split(/\s+/);
  if (verb.toLowerCase() !== "add" || name === "" || NOT_NAMES.test(name)) return undefined;
  const shape: Partial<Candidate> = { name };
  for (const word of words) {
    const [, key, value] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    if (key === undefined || value === undefined) {
      throw new CloudError("invalid-input", `what if "${text}": ${word} is not key=value`, {
        hint: 'Write for example "add h9 cpus=8 memory=16GiB zone=b".',
      });
    }
    if (key === "cpus") shape.cpus = cpusOf(text, value);
    else if (key === "memory") shape.memoryBytes = bytesOf(`what if "${text}": memory`, value);
    else shape.labels = { ...shape.labels, [key]: value };
  }
  return { kind: "addHosts", count: 1, shape };
}

function cpusOf(text: string, value: string): number {
  const cpus = Number(value);
  if (Number.isFinite(cpus) && cpus > 0) return cpus;
  throw new CloudError("invalid-input", `what if "${text}": cpus must be a number above 0`, {
    hint: "Write for example cpus=8.",
  });
}
