import type { CompiledRule } from "./affinity/compiled.js";
import type { FolderHome } from "./constraints/folders.js";
import type { Ask } from "./constraints/index.js";
import { parseLabelExpression } from "./constraints/label-expression.js";
import type { DeviceAsk } from "./device-pool.js";
import { type Claim, microCores } from "./host-state.js";
import type { Interner } from "./interner.js";
import type { ConstraintSpec, HostPort, PlacementRequest } from "./model.js";
import type { ScopeRules } from "./scope-rules.js";
import type { Shapes } from "./shapes.js";

const NONE: readonly never[] = [];

/** What requests of one shape have in common. */
type Shared = Omit<Claim, "name" | "ports"> & Pick<Ask, "shape" | "applicationId" | "groupId">;

/** Few words for each request, since there may be 100,000: the rest is what it shares. */
class ReadAsk implements Ask {
  signature: readonly number[] = NONE;
  rules: readonly CompiledRule[] = NONE;
  folderHome: FolderHome | undefined = undefined;

  constructor(
    readonly request: PlacementRequest,
    readonly index: number,
    private readonly shared: Shared,
  ) {}

  get name(): string {
    return this.request.name;
  }
  get ports(): readonly HostPort[] {
    return this.request.ports;
  }
  get shape(): number {
    return this.shared.shape;
  }
  get microCpus(): number {
    return this.shared.microCpus;
  }
  get memoryBytes(): number {
    return this.shared.memoryBytes;
  }
  get diskBytes(): number {
    return this.shared.diskBytes;
  }
  get maxContainers(): number {
    return this.shared.maxContainers;
  }
  get devices(): readonly DeviceAsk[] {
    return this.shared.devices;
  }
  get typeId(): number {
    return this.shared.typeId;
  }
  get applicationId(): number {
    return this.shared.applicationId;
  }
  get groupId(): number {
    return this.shared.groupId;
  }
  get scopes(): readonly number[] {
    return this.shared.scopes;
  }
}

type Counted = Pick<ScopeRules, "byName" | "byApplication" | "byGroup">;

/** Makes requests ready for judging; `scopes` interns the circles in which containers count together. */
export function readAsks(
  requests: readonly PlacementRequest[],
  shapes: Shapes,
  scopes: Interner,
  rules: Counted,
): Ask[] {
  // A rule about the very container tells all apart.
  if (rules.byName)
    return requests.map(
      (request, index) => new ReadAsk(request, index, sharedBy(request, scopes, rules, index)),
    );
  const shared = shapes.firsts.map((first, shape) => sharedBy(first, scopes, rules, shape));
  return requests.map((request, index) => {
    const shape = shapes.of[index] ?? 0;
    return new ReadAsk(request, index, shared[shape] ?? sharedBy(request, scopes, rules, shape));
  });
}

function sharedBy(
  request: PlacementRequest,
  scopes: Interner,
  rules: Counted,
  shape: number,
): Shared {
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
    shape,
    microCpus: microCores(request.cpus),
    memoryBytes: request.memoryBytes,
    typeId,
    applicationId,
    groupId,
    scopes: counted,
    maxContainers,
    devices: devices ? readDevices(devices) : NONE,
    diskBytes: request.diskBytes ?? 0,
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
