import * as pulumi from "@pulumi/pulumi";
import type { Rebalance } from "../provider/placement/model.js";
import { Placement } from "./resources/placement.js";
import type { FunctionBook } from "./user-functions.js";

/** Called when the plan closes, so that it sees what has settled by then. */
type Pending = () => pulumi.Input<Record<string, unknown>>;

/**
 * Gathers the requests of a cloud into plans. The first request creates the plan resource; its inputs are a promise
 * that resolves at the next `setImmediate`, so that all that the program constructs until it really waits is one
 * plan, whatever the order in which the engine hears of the resources. Requests made later open a further plan,
 * which is given what the earlier ones decided.
 */
export class CloudPlan {
  private open: { plan: Placement; networks: Pending[]; requests: Pending[] } | undefined;
  private readonly closed: { plan: Placement; requests: Pending[] }[] = [];
  private readonly planOf = new Map<string, Placement>();
  private readonly places = new Map<string, Promise<unknown>>();
  private readonly rebalanced: { application: string; maxMoves: number | undefined }[] = [];

  constructor(
    private readonly name: string,
    private readonly inputs: pulumi.Inputs,
    private readonly opts: pulumi.CustomResourceOptions,
    private readonly functions: FunctionBook,
  ) {}

  /** The plan that takes requests now; made if there is none. */
  first(): Placement {
    return (this.open ??= this.start()).plan;
  }

  /** Of an application: its containers may be moved for a better balance, at most so many. */
  rebalance(application: string, maxMoves: number | undefined): void {
    this.rebalanced.push({ application, maxMoves });
  }

  /** A container's resource, under the name of its request: `placed` settles when it is in its place. */
  announce(name: string, placed: Promise<unknown>): void {
    this.places.set(name, placed);
  }

  /** Resolves when the container is in its place, or is none of this program. */
  async whenPlaced(name: string): Promise<void> {
    await this.places.get(name);
  }

  /** Adds a container's request; returns the plan that will decide it. */
  request(name: string, request: Pending): Placement {
    const open = this.current("container", name);
    open.requests.push(request);
    return open.plan;
  }

  /** Adds a network's request; returns the plan that will decide it. */
  network(name: string, request: Pending): Placement {
    const open = this.current("network", name);
    open.networks.push(request);
    return open.plan;
  }

  /** The plan that decides this network, which may be earlier than a container's. */
  ofNetwork(network: string): Placement | undefined {
    return this.planOf.get(`network ${network}`);
  }

  /** True while more may be added to the plan that this network is in. */
  isOpen(network: string): boolean {
    const plan = this.ofNetwork(network);
    return plan !== undefined && plan === this.open?.plan;
  }

  private current(kind: "container" | "network", name: string) {
    const key = `${kind} ${name}`;
    if (this.planOf.has(key)) {
      throw new pulumi.RunError(
        `${key} is requested twice from the cloud ${this.name}: names are unique within a cloud and stack`,
      );
    }
    this.open ??= this.start();
    this.planOf.set(key, this.open.plan);
    return this.open;
  }

  private start() {
    const networks: Pending[] = [];
    const requests: Pending[] = [];
    const complete = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (this.open) this.closed.push({ plan: this.open.plan, requests });
      this.open = undefined;
    });
    const number = this.closed.length + 1;
    const plan = new Placement(
      number === 1 ? this.name : `${this.name}-${number}`,
      {
        ...this.inputs,
        functions: complete.then(() => this.functions.serialised()),
        rebalance: complete.then(() => this.rebalanceArgs()),
        networks: complete.then(() => networks.map((request) => request())),
        requests: complete.then(() => requests.map((request) => request())),
        earlier: this.earlier(),
        assignments: undefined,
        allocations: undefined,
        names: undefined,
        order: undefined,
        hostSupply: undefined,
      },
      this.opts,
    );
    return { plan, networks, requests };
  }

  /** The cloud's own wish and those of its applications, each with its own limit. */
  private rebalanceArgs(): Rebalance | undefined {
    const own = this.inputs["rebalance"] as Rebalance | undefined;
    if (this.rebalanced.length === 0) return own;
    const limits = Object.fromEntries(
      this.rebalanced.map(({ application, maxMoves = 10 }) => [application, maxMoves]),
    );
    if (own && !own.applications) return { ...own, limits };
    const applications = [...new Set([...(own?.applications ?? []), ...Object.keys(limits)])];
    return { ...own, applications, limits };
  }

  private earlier(): pulumi.Input<Record<string, unknown>> {
    const closed = [...this.closed]; // as it is now: by the time that all is known, this plan has closed as well
    if (closed.length === 0) return { assignments: {}, networks: {}, requests: [] };
    return pulumi
      .all(closed.map(({ plan }) => pulumi.all([plan.assignments, plan.allocations])))
      .apply((plans) => ({
        assignments: Object.assign({}, ...plans.map(([assignments]) => assignments)) as unknown,
        networks: Object.assign({}, ...plans.map(([, allocations]) => allocations)) as unknown,
        requests: closed.flatMap(({ requests }) => requests.map((request) => request())),
      }));
  }
}
