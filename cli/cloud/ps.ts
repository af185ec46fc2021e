import { printJson, table } from "../commands/table.js";
import type { CommonFlags } from "../commands/options.js";
import { finish } from "../program.js";
import { dockerFor } from "../../provider/host/docker.js";
import type { ContainerSummary } from "../../provider/host/docker-types.js";
import { LABELS } from "../../provider/host/ownership.js";
import { eachHost, reportSilent } from "./each-host.js";
import { cloudState, connections, portTexts, type CloudState } from "./state.js";

export interface Row {
  name: string;
  host: string;
  /** As Docker says it, e.g. "Up 2 minutes (healthy)"; "missing" or "host unreachable" when it says nothing. */
  status: string;
  image: string;
  addresses: Record<string, string>;
  ports: string[];
  containerId: string;
  application: string;
}

/** `clocker ps`: the stack's containers with what their hosts say of them now. */
export async function ps(flags: CommonFlags & { json?: boolean }): Promise<void> {
  const cloud = await cloudState(flags);
  const used = new Set(cloud.containers.map(({ state }) => state.place.host));
  const answers = await eachHost(
    connections(cloud).filter(({ name }) => used.has(name)),
    (connection) =>
      dockerFor(connection).listContainers({ label: [LABELS.owner] }, { timeoutMs: 10_000 }),
  );
  const rows = rowsOf(cloud, answers);
  if (flags.json) printJson(rows);
  else if (rows.length === 0) console.log(`Stack ${cloud.stack} has no containers.`);
  else {
    console.log(
      table(
        ["NAME", "HOST", "STATUS", "ADDRESS", "PORTS", "IMAGE"],
        rows.map((row) => [
          row.name,
          row.host,
          row.status,
          Object.values(row.addresses).join(", "),
          row.ports.join(", "),
          row.image,
        ]),
      ),
    );
  }
  if (reportSilent(answers)) finish(1);
}

/** Rows by name; pure. */
export function rowsOf(
  cloud: CloudState,
  answers: readonly (
    { host: string; value: ContainerSummary[] } | { host: string; error: string }
  )[],
): Row[] {
  const byHost = new Map(answers.map((answer) => [answer.host, answer]));
  return cloud.containers.map(({ name, id, owner, state }) => {
    const answer = byHost.get(state.place.host);
    const found =
      answer && "value" in answer
        ? (answer.value.find((each) => each.Id === id) ??
          answer.value.find((each) => each.Labels[LABELS.owner] === owner))
        : undefined;
    return {
      name,
      host: state.place.host,
      status: found ? found.Status : answer && "value" in answer ? "missing" : "host unreachable",
      image: state.spec.image,
      addresses: Object.fromEntries(
        state.place.networks.map(({ network, address }) => [network, address]),
      ),
      ports: portTexts(cloud, { name, id, owner, state }),
      containerId: found?.Id ?? id,
      application: state.spec.application,
    };
  });
}
