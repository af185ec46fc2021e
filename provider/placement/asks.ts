import type { Ask } from "./constraints/index.js";
import { microCores } from "./host-state.js";
import type { ConstraintSpec, HostPort, PlacementRequest } from "./model.js";

/** Gives small numbers to texts, so that equal things are found by comparing numbers. */
export class Interner {
  private readonly ids = new Map<string, number>();

  id(text: string): number {
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.ids.size;
    this.ids.set(text, id);
    return id;
  }
}

/** A request made ready for judging; `types` interns (application, type). */
export function toAsk(request: PlacementRequest, types: Interner): Ask {
  let maxContainers = Infinity;
  for (const spec of request.constraints) {
    if (spec.kind === "maxContainers") maxContainers = Math.min(maxContainers, spec.max);
  }
  return {
    request,
    name: request.name,
    microCpus: microCores(request.cpus),
    memoryBytes: request.memoryBytes,
    ports: request.ports,
    typeId: types.id(`${request.application}\u0000${request.type}`),
    maxContainers,
  };
}

/** Equal for equal lists of constraints. */
export function constraintsKey(specs: readonly ConstraintSpec[]): string {
  let key = "";
  for (const spec of specs) {
    switch (spec.kind) {
      case "label":
        key += `l${spec.expression}\u0000`;
        break;
      case "hostname":
        key += `n${spec.pattern}\u0000`;
        break;
      case "host":
        key += `h${spec.host}\u0000`;
        break;
      case "maxContainers":
        key += `m${spec.max}\u0000`;
        break;
    }
  }
  return key;
}

/** Equal for requests that take the same from a host. */
export function claimKey(ask: Ask): string {
  let key = `${ask.microCpus} ${ask.memoryBytes}`;
  for (const port of ask.ports) key += ` ${portKey(port)}`;
  for (const volume of ask.request.volumes) key += ` v${volume}`;
  return key;
}

function portKey(port: HostPort): string {
  return `p${port.hostPort}${port.protocol}${port.hostAddress}`;
}
