import type { Candidate, Change } from "./model.js";

const USAGE =
  'write "remove h2", "lose h2", "drain h2", "add 2 hosts like h1", "add 1 host of 8 cpus 16 GiB zone=eu", "scale web to 40", "scale web of shop to 40" or "rebalance 5"';

const GiB = 1024 ** 3;
const UNITS: Readonly<Record<string, number>> = { mib: 1024 ** 2, gib: GiB, mb: 1e6, gb: 1e9 };

/** Reads what people write after `--what-if`; several changes are divided by commas. */
export function parseChanges(text: string): Change[] | { error: string } {
  const changes: Change[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const change = parseChange(part);
    if (!change) return { error: `what if "${part}": this is no change; ${USAGE}` };
    changes.push(change);
  }
  return changes;
}

function parseChange(text: string): Change | undefined {
  const onHost = /^(remove|lose|drain)\s+(?:host\s+)?(\S+)$/i.exec(text);
  if (onHost) {
    const [, verb = "", host = ""] = onHost;
    const kinds = { remove: "removeHost", lose: "loseHost", drain: "drainHost" } as const;
    return { kind: kinds[verb.toLowerCase() as keyof typeof kinds], host };
  }
  const scale = /^scale\s+(\S+)(?:\s+of\s+(\S+))?\s+to\s+(\d+)$/i.exec(text);
  if (scale) {
    const [, type = "", application, count = ""] = scale;
    return { kind: "scale", type, count: Number(count), ...(application ? { application } : {}) };
  }
  const rebalance = /^rebalance(?:\s+(\d+))?$/i.exec(text);
  if (rebalance) {
    const [, most] = rebalance;
    return { kind: "rebalance", ...(most === undefined ? {} : { maxMoves: Number(most) }) };
  }
  const add =
    /^add\s+(?:(\d+)\s+hosts?|an?\s+host|host)(?:\s+like\s+(\S+))?(?:\s+(?:of|with)\s+(.+))?$/i.exec(
      text,
    );
  if (!add) return undefined;
  const [, count = "1", like, words] = add;
  const shape = words === undefined ? {} : parseShape(words);
  return (
    shape && {
      kind: "addHosts",
      count: Number(count),
      ...(like === undefined ? {} : { like }),
      ...(words === undefined ? {} : { shape }),
    }
  );
}

/** `8 cpus 16 GiB zone=eu`; undefined when some word says nothing. */
function parseShape(words: string): Partial<Candidate> | undefined {
  const shape: Partial<Candidate> = {};
  const rest = words
    .replace(/(\d+(?:\.\d+)?)\s*cpus?\b/i, (_, cpus: string) => {
      shape.cpus = Number(cpus);
      return "";
    })
    .replace(/(\d+(?:\.\d+)?)\s*([MG]i?B)\b/i, (_, amount: string, unit: string) => {
      shape.memoryBytes = Math.round(Number(amount) * (UNITS[unit.toLowerCase()] ?? 1));
      return "";
    });
  for (const word of rest.split(/\s+/).filter((each) => each !== "" && each !== "and")) {
    const [, label, value] = /^([^=]+)=(.*)$/.exec(word) ?? [];
    if (label === undefined || value === undefined) return undefined;
    shape.labels = { ...shape.labels, [label]: value };
  }
  return shape;
}
