import { hasFolders } from "./constraints/folders.js";
import type { Ask } from "./constraints/index.js";
import { parseLabelExpression } from "./constraints/label-expression.js";
import type { DeviceAsk } from "./device-pool.js";
import { microCores } from "./host-state.js";
import type { Interner } from "./interner.js";
import type { ConstraintSpec, HostPort, PlacementRequest } from "./model.js";
import { sameData } from "./same-data.js";
import type { ScopeRules } from "./scope-rules.js";
import { TypeMap } from "./type-map.js";

const NONE: readonly never[] = [];

/**
 * Makes requests ready for judging. Replicas of one type mostly come with equal words: those that are alike share what
 * was worked out of the first of them, and are known by their shape.
 */
export class AskReader {
  /** The first ask of each shape. */
  readonly firsts: Ask[] = [];
  private readonly latest = new TypeMap<Ask>();

  constructor(
    private readonly scopes: Interner,
    private readonly rules: ScopeRules,
  ) {}

  read(request: PlacementRequest, index: number): Ask {
    const { application, type } = request;
    const latest = this.latest.get(application, type);
    // A rule about the very container tells all apart.
    if (latest && !this.rules.byName && areAlike(latest.request, request)) {
      return { ...latest, request, index, name: request.name, ports: request.ports };
    }
    const shape = this.firsts.length;
    const ask = toAsk(request, this.scopes, this.rules, { index, shape });
    this.firsts.push(ask);
    this.latest.set(application, type, ask);
    return ask;
  }
}

/** Whether two requests of one type are equal in all that rules look at, but for which ports, volumes and folders they have. */
function areAlike(a: PlacementRequest, b: PlacementRequest): boolean {
  return (
    a.cpus === b.cpus &&
    a.memoryBytes === b.memoryBytes &&
    a.diskBytes === b.diskBytes &&
    a.group === b.group &&
    a.ports.length > 0 === b.ports.length > 0 &&
    a.volumes.length > 0 === b.volumes.length > 0 &&
    hasFolders(a) === hasFolders(b) &&
    sameData(a.constraints, b.constraints) &&
    sameData(a.strategies, b.strategies) &&
    sameData(a.preferences, b.preferences) &&
    sameData(a.devices, b.devices) &&
    sameData(a.platforms, b.platforms)
  );
}

/** A request made ready for judging; `scopes` interns the circles in which containers count together. */
export function toAsk(
  request: PlacementRequest,
  scopes: Interner,
  rules: Pick<ScopeRules, "byApplication" | "byGroup">,
  { index, shape } = { index: 0, shape: 0 },
): Ask {
  let maxContainers = Infinity;
  for (const spec of request.constraints) {
    if (spec.kind === "maxContainers") maxContainers = Math.min(maxContainers, spec.max);
  }
  const { application, type, devices } = request;
  const typeId = typeScope(scopes, application, type);
  const counted = [typeId];
  let applicationId = -1;
  let groupId = -1;
  if (rules.byApplication) counted.push((applicationId = applicationScope(scopes, application)));
  if (rules.byGroup)
    counted.push((groupId = groupScope(scopes, application, request.group ?? type)));
  return {
    request,
    index,
    shape,
    name: request.name,
    microCpus: microCores(request.cpus),
    memoryBytes: request.memoryBytes,
    ports: request.ports,
    typeId,
    applicationId,
    groupId,
    scopes: counted,
    maxContainers,
    devices: devices ? readDevices(devices) : NONE,
    diskBytes: request.diskBytes ?? 0,
    signature: NONE,
    rules: NONE,
  };
}

export function typeScope(scopes: Interner, application: string, type: string): number {
  return scopes.id(`${application}\u0000${type}`);
}

export function applicationScope(scopes: Interner, application: string): number {
  return scopes.id(`application\u0000\u0000${application}`);
}

export function groupScope(scopes: Interner, application: string, group: string): number {
  return scopes.id(`group\u0000\u0000${application}\u0000${group}`);
}

/** Conditions that cannot be read are left out here; `deviceProblem` says what is wrong with them. */
function readDevices(devices: NonNullable<PlacementRequest["devices"]>): DeviceAsk[] {
  return devices.map(({ kind, count, where = [] }) => ({
    kind,
    count,
    where: where.flatMap((each) => {
      const parsed = parseLabelExpression(each);
      return parsed.ok ? [parsed.expression] : [];
    }),
  }));
}

/** What is wrong with the devices that a request asks for. */
export function deviceProblem(request: PlacementRequest): string | undefined {
  for (const { kind, count, where = [] } of request.devices ?? []) {
    if (!Number.isInteger(count) || count < 1) {
      return `devices: ${count} of ${kind} is not a whole number from 1`;
    }
    for (const each of where) {
      const parsed = parseLabelExpression(each);
      if (!parsed.ok) return `device ${kind}: ${parsed.error}`;
    }
  }
  return undefined;
}

/** Equal for equal lists of constraints. */
export function constraintsKey(specs: readonly ConstraintSpec[]): string {
  let key = "";
  for (const spec of specs) {
    switch (spec.kind) {
      case "label":
        key += `l${spec.expression}\u0000`;
        break;
      case "host":
        key += `h${spec.host}\u0000`;
        break;
      case "maxContainers":
        key += `m${spec.max}\u0000`;
        break;
      default:
        key += `${JSON.stringify(spec)}\u0000`;
    }
  }
  return key;
}

/** Equal for requests of one class that take the same from a host; devices are the class's. */
export function claimKey(ask: Ask): string {
  let key = `${ask.microCpus} ${ask.memoryBytes}`;
  for (const port of ask.ports) key += ` ${portKey(port)}`;
  for (const volume of ask.request.volumes) key += ` v${volume}`;
  if (ask.folderHome) key += ` f${ask.folderHome.folder} ${ask.folderHome.on}`;
  if (ask.diskBytes > 0) key += ` d${ask.diskBytes}`;
  return key;
}

/** Whether it is plain to see that two asks of one shape take the same from a host: they name nothing of it. */
export function claimAlike(a: Ask, b: Ask): boolean {
  return a.signature === b.signature && namesNothing(a) && namesNothing(b);
}

function namesNothing({ ports, request, folderHome }: Ask): boolean {
  return ports.length === 0 && request.volumes.length === 0 && folderHome === undefined;
}

function portKey(port: HostPort): string {
  return `p${port.hostPort}${port.protocol}${port.hostAddress}`;
}
