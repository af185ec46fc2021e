import { readFile, writeFile } from "node:fs/promises";
import type { BenchStack } from "./clocker.js";

const CLOUD = "urn:pulumi:bench::bench-containers::clocker:index:DockerCloud";
const PLAN = `${CLOUD}$pulumi-nodejs:dynamic/clocker:Placement::cloud`;
const NETWORK =
  "urn:pulumi:bench::bench-containers::pulumi-nodejs:dynamic/clocker:VirtualNetwork::lan";

interface Properties {
  meta: { name: string; urn: string };
  hosts: { name: string; connection: unknown; gateway: string }[];
  assignments: Record<string, { host: string; addresses: { lan: string }; reason: string }>;
  spec: { hostname: string };
  place: {
    host: string;
    connection: unknown;
    capacity: unknown;
    reason: string;
    networks: { address: string; gateway: string }[];
  };
  status: { containerName: string };
}

interface Resource {
  urn: string;
  id: string;
  inputs: Properties;
  outputs: Properties;
}

interface Exported {
  deployment: { resources: Resource[] };
}

/**
 * Seconds that a preview of `count` containers with nothing to do takes. The plan and the network decide and hold all of
 * them for real (a targeted `up`); the containers' entries in the state are copies of a real one, each with the
 * name, host and addresses that the plan gave it. That they are right is what the preview itself says: it must find no
 * change. Running that many containers would take this machine minutes and is not what is measured.
 */
export async function previewOfMany(
  stack: BenchStack,
  file: string,
  count: number,
): Promise<number> {
  const few = `${file}.before`;
  await stack.run(["stack", "export", "--file", few], 0);
  try {
    const targets = ["--target", PLAN, "--target", NETWORK];
    await stack.run(["up", "--yes", "--skip-preview", ...targets], count);
    await stack.run(["stack", "export", "--file", file], 0);
    const state = JSON.parse(await readFile(file, "utf8")) as Exported;
    await writeFile(file, JSON.stringify(withAll(state)));
    await stack.run(["stack", "import", "--file", file], 0);
    return await stack.run(["preview", "--expect-no-changes"], count);
  } finally {
    await stack.run(["stack", "import", "--file", few], 0);
  }
}

function withAll(state: Exported): Exported {
  const { resources } = state.deployment;
  const find = (end: string): Resource => {
    const found = resources.find(({ urn }) => urn.endsWith(end));
    if (!found) throw new Error(`the state has no ${end}`);
    return found;
  };
  const { assignments } = find(":Placement::cloud").inputs;
  const members = find(":VirtualNetwork::lan").inputs.hosts;
  const all = resources.filter(({ urn }) => urn.includes(":PlacedContainer::"));
  const known = new Set(all.map(({ inputs }) => inputs.meta.name));
  for (const [name, { host, addresses, reason }] of Object.entries(assignments)) {
    if (known.has(name)) continue;
    // One on the same host, so that all but its own name and address is right already.
    const model = all.find(({ inputs }) => inputs.place.host === host);
    const member = members.find((each) => each.name === host);
    if (!model || !member) throw new Error(`no container is on ${host}`);
    const copy = structuredClone(model);
    const from = model.inputs.meta.name;
    copy.urn = model.urn.replace(new RegExp(`${from}$`), name);
    copy.id = model.id.replace(`-${from}-`, `-${name}-`);
    for (const properties of [copy.inputs, copy.outputs]) {
      Object.assign(properties.meta, { name, urn: copy.urn });
      properties.spec.hostname = name;
      properties.place.reason = reason;
      const [network] = properties.place.networks;
      Object.assign(network!, { address: addresses.lan, gateway: member.gateway });
    }
    copy.outputs.status.containerName = copy.id;
    resources.push(copy);
  }
  return state;
}
