import fc from "fast-check";
import { describe, it } from "vitest";
import { claim, claimChange, releaseClaim, type Claimant } from "../../../provider/host/claim.js";
import { DockerClient } from "../../../provider/host/docker.js";
import { portsLabel } from "../../../provider/host/held.js";
import { LABELS } from "../../../provider/host/ownership.js";
import { REPORT_RESERVATIONS } from "../../../provider/host/reservations.js";
import type {
  Assignment,
  Candidate,
  HostPort,
  PlacementRequest,
  PlanResult,
} from "../../../provider/placement/model.js";
import { planAll } from "../../../provider/placement/plan.js";
import { FakeHosts } from "../../support/fake-transport.js";
import { ask, GiB, host, input, MiB } from "../../unit/placement/make.js";

/** What a program asks of one container; `pin` keeps it on a host. */
interface Wanted {
  cpus: number;
  memoryBytes: number;
  ports: HostPort[];
  gpus: number;
  large: boolean;
  revision: string;
  pin: string | undefined;
}

/** What a host is declared to be; the devices are those that it has. */
interface Declared {
  cpus: number;
  memoryBytes: number;
  maxContainers: number | undefined;
  drain: boolean;
}

const NAMES = ["a", "b", "c", "d", "e"] as const;
const HOSTS = ["h1", "h2", "h3"] as const;

const port: fc.Arbitrary<HostPort> = fc.record({
  hostPort: fc.constantFrom(80, 81),
  protocol: fc.constantFrom("tcp" as const, "udp" as const),
  hostAddress: fc.constantFrom("", "10.0.0.1", "10.0.0.2"),
});
const wanted: fc.Arbitrary<Wanted> = fc.record({
  cpus: fc.constantFrom(0, 0.5, 1, 2),
  memoryBytes: fc.constantFrom(0, 256 * MiB, GiB),
  ports: fc.array(port, { maxLength: 1 }),
  gpus: fc.constantFrom(0, 0, 0, 1, 1, 2),
  large: fc.boolean(),
  revision: fc.constantFrom("r1", "r2"),
  pin: fc.constantFrom(...Array<undefined>(6).fill(undefined), ...HOSTS),
});
const declared: fc.Arbitrary<Declared> = fc.record({
  cpus: fc.constantFrom(3, 4),
  memoryBytes: fc.constantFrom(2 * GiB, 3 * GiB),
  maxContainers: fc.constantFrom(undefined, undefined, undefined, 2, 3),
  drain: fc.constantFrom(false, false, false, false, true),
});
const tuple = <T>(each: fc.Arbitrary<T>, n: number) =>
  fc.array(each, { minLength: n, maxLength: n });

/**
 * Programs of one stack, one after another, over the same hosts; the order in which an engine gets to its containers; and those that
 * somebody has removed by hand before.
 */
const histories = fc.array(
  fc.record({
    hosts: tuple(declared, HOSTS.length),
    containers: tuple(fc.option(wanted, { nil: undefined, freq: 4 }), NAMES.length),
    turns: tuple(fc.nat(100), NAMES.length),
    vanished: tuple(fc.constantFrom(false, false, false, false, true), NAMES.length),
  }),
  { minLength: 2, maxLength: 3 },
);
type Program = {
  hosts: Declared[];
  containers: (Wanted | undefined)[];
  turns: number[];
  vanished: boolean[];
};

const devicesOf = (name: string) => [
  { kind: "gpu", attributes: { memory: "40" }, ids: [`${name}-large`] },
  { kind: "gpu", attributes: { memory: "8" }, ids: [`${name}-x`, `${name}-y`] },
];

function requestsOf({ containers }: Program): PlacementRequest[] {
  return containers.flatMap((each, i) => {
    if (!each) return [];
    const { cpus, memoryBytes, ports, gpus, large, pin, revision } = each;
    const where = large ? { where: ["memory >= 16"] } : {};
    return ask(NAMES[i]!, {
      ...{ cpus, memoryBytes, ports },
      revision: `${revision} ${JSON.stringify(ports)}`,
      stopFirst: ports.length > 0,
      constraints: pin === undefined ? [] : [{ kind: "host", host: pin }],
      ...(gpus > 0 ? { devices: [{ kind: "gpu", count: gpus, ...where }] } : {}),
    });
  });
}

/** A container as it is on its host. */
interface There {
  id: string;
  host: string;
  generation: string;
  revision: string;
  cpus: number;
  memoryBytes: number;
  ports: HostPort[];
  devices: string[];
}

let serial = 0x10000000;

/** A stack on hosts in memory, whose containers claim their place as real ones do. */
class Stack {
  readonly there = new Map<string, There>();
  private previous: Record<string, Assignment> = {};

  constructor(private readonly hosts: FakeHosts) {
    for (const name of HOSTS) {
      const { docker } = hosts.host(name);
      docker.addImage("web");
      hosts
        .host(name)
        .onExec(({ script }) =>
          script === REPORT_RESERVATIONS
            ? { stdout: [...this.there.values()].map(reservationLine).join("") }
            : undefined,
        );
    }
  }

  candidates({ hosts }: Program): Candidate[] {
    return HOSTS.map((name, i) => {
      const { maxContainers, ...rest } = hosts[i]!;
      const own = [...this.there].filter(([, each]) => each.host === name);
      return host(name, {
        ...rest,
        ...(maxContainers === undefined ? {} : { maxContainers }),
        devices: devicesOf(name),
        own: Object.fromEntries(
          own.map(([request, { cpus, memoryBytes, ports, devices }]) => [
            request,
            { networks: {}, cpus, memoryBytes, ports, devices },
          ]),
        ),
      });
    });
  }

  plan(program: Program): PlanResult {
    return planAll(
      input({
        candidates: this.candidates(program),
        requests: requestsOf(program),
        previous: { assignments: this.previous, networks: {} },
      }),
    );
  }

  /**
   * Carries a plan out: containers in the order of their turns, those that only give up capacity before the others, and what was replaced, has moved or has left goes at the end.
   */
  async up(program: Program, plan: PlanResult): Promise<void> {
    const clients = new Map(HOSTS.map((name) => [name as string, this.clientOf(name)]));
    const docker = (name: string) => clients.get(name)!;
    const candidates = new Map(this.candidates(program).map((each) => [each.name, each]));
    const old: There[] = [];
    const turnOf = (name: string) => program.turns[NAMES.indexOf(name as "a")]!;
    const takes = (request: PlacementRequest) => (this.onlyGives(request, plan) ? 0 : 1);
    const requests = requestsOf(program).sort(
      (a, b) => takes(a) - takes(b) || turnOf(a.name) - turnOf(b.name),
    );
    for (const request of requests) {
      const { name, cpus, memoryBytes, ports, revision } = request;
      const assignment = plan.assignments[name]!;
      const { host: to, devices = [] } = assignment;
      const { maxContainers, ...capacity } = candidates.get(to)!;
      const claimant: Claimant = {
        ...{ owner: `shop/dev/${name}`, cpus, memoryBytes, ports, devices },
        generation: (serial += 1).toString(16),
        capacity: { ...capacity, ...(maxContainers === undefined ? {} : { maxContainers }) },
      };
      const before = this.there.get(name);
      const same = JSON.stringify(before?.devices) === JSON.stringify(devices);
      if (before && before.host === to && before.revision === revision && same) {
        const { cpus: had, memoryBytes: hadBytes } = before;
        if (had === cpus && hadBytes === memoryBytes) continue;
        await claimChange(
          docker(to),
          {
            ...claimant,
            generation: before.generation,
            before: { cpus: had, memoryBytes: hadBytes },
          },
          before.id,
          async () => Object.assign(before, { cpus, memoryBytes }),
        );
        continue;
      }
      const keepsDevice = devices.some((id) => before?.devices.includes(id));
      const stopFirst = before?.host === to && (request.stopFirst || keepsDevice);
      if (before && stopFirst) await this.remove(docker(to), before);
      else if (before) old.push(before);
      const id = await claim(
        docker(to),
        claimant,
        () => create(docker(to), claimant),
        async () => {},
      );
      const { generation } = claimant;
      this.there.set(name, {
        ...{ id, host: to, generation, revision, cpus, memoryBytes, ports, devices },
      });
    }
    for (const name of NAMES) {
      const gone = this.there.get(name);
      if (!gone || requests.some((request) => request.name === name)) continue;
      this.there.delete(name);
      old.push(gone);
    }
    for (const each of old) await this.remove(docker(each.host), each);
    this.previous = plan.assignments;
  }

  /** Where it stays, it has less of something from now on, and more of nothing. */
  private onlyGives({ name, cpus, memoryBytes }: PlacementRequest, plan: PlanResult): boolean {
    const before = this.there.get(name);
    if (!before || before.host !== plan.assignments[name]?.host) return false;
    const [moreCpus, moreBytes] = [cpus - before.cpus, memoryBytes - before.memoryBytes];
    return Math.max(moreCpus, moreBytes) <= 0 && Math.min(moreCpus, moreBytes) < 0;
  }

  /** Two containers give each other what the other one wants: whoever comes first has to wait for the next up. */
  exchanges(program: Program): boolean {
    return requestsOf(program).some(({ name, cpus, memoryBytes }) => {
      const before = this.there.get(name);
      return before && (cpus - before.cpus) * (memoryBytes - before.memoryBytes) < 0;
    });
  }

  async lose({ vanished }: Program): Promise<void> {
    for (const [i, name] of NAMES.entries()) {
      const there = this.there.get(name);
      if (!there || !vanished[i]) continue;
      this.there.delete(name);
      await this.clientOf(there.host).removeContainer(there.id, true);
    }
  }

  /** A client of a process of its own. */
  private clientOf(name: string): DockerClient {
    return new DockerClient(this.hosts.host(name).transport(this.hosts.connection(name)));
  }

  private async remove(docker: DockerClient, { id, generation }: There): Promise<void> {
    await docker.removeContainer(id, true);
    releaseClaim(docker.transport, generation);
  }
}

const reservationLine = ({ id, cpus, memoryBytes }: There) =>
  `reservation ${id} ${cpus} ${memoryBytes}\n`;

async function create(docker: DockerClient, claimant: Claimant): Promise<string> {
  const { owner, generation, cpus, memoryBytes, ports = [], devices = [] } = claimant;
  const made = await docker.createContainer(`c-${generation}`, {
    Image: "web",
    Labels: {
      [LABELS.owner]: owner,
      [LABELS.generation]: generation,
      [LABELS.cpus]: String(cpus),
      [LABELS.memory]: String(memoryBytes),
      [LABELS.ports]: portsLabel(ports),
      [LABELS.devices]: devices.join(" "),
    },
    HostConfig: {},
  });
  return made.Id;
}

describe("what a plan promises", () => {
  it("is granted by the hosts, whatever replaces, moves, grows and leaves in the same up", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (programs) => {
        const hosts = await FakeHosts.install(...HOSTS);
        try {
          const stack = new Stack(hosts);
          for (const program of programs) {
            await stack.lose(program);
            if (stack.exchanges(program)) return;
            const plan = stack.plan(program);
            if (plan.refusals.length > 0) return; // the preview says so, and nothing is done
            await stack.up(program, plan);
          }
        } finally {
          await hosts.restore();
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
