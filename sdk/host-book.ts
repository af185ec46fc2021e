import * as pulumi from "@pulumi/pulumi";
import type { HostConnection } from "../provider/host/connection.js";
import type { PlanHost } from "../provider/resources/placement/inputs.js";
import { lift } from "./lift.js";
import type { DockerHost } from "./resources/docker-host.js";

/** What a container's place says of its host. */
interface HostParts {
  connection: pulumi.Output<HostConnection>;
  capacity: pulumi.Output<unknown>;
}

/** What the program says of a cloud's hosts: those that it made itself, or those that another stack exported. */
export class HostBook {
  /** Known in preview. */
  readonly all: pulumi.Output<PlanHost[]>;
  private readonly infos = new Map<string, pulumi.Output<PlanHost>>();
  private readonly parts = new Map<string, HostParts>();

  /** `hosts`: made by this program, or what another one says of its own. `maxContainers`: the cloud's; Infinity for no limit. */
  constructor(
    private readonly cloudName: string,
    private readonly hosts: readonly DockerHost[] | pulumi.Output<PlanHost[]>,
    private readonly maxContainers: number,
  ) {
    if (pulumi.Output.isInstance(hosts)) this.all = hosts;
    else {
      this.all = pulumi.output(hosts.map(planHostOf));
      for (const host of hosts) this.infos.set(host.hostName, pulumi.output(planHostOf(host)));
    }
  }

  /** As the plan takes them. While the facts of a host are not known, its resource has something to do first: it may have Docker to start. */
  planned(): pulumi.Input<object[]> {
    const { hosts } = this;
    if (pulumi.Output.isInstance(hosts)) return hosts;
    return hosts.map((host) => ({
      ...planHostOf(host),
      preparing: host.facts.apply(() => undefined),
    }));
  }

  /** With the most containers that each may have, for a program that knows nothing of this cloud's rules. */
  exported(): pulumi.Output<PlanHost[]> {
    return this.all.apply((hosts) =>
      hosts.map((host) => ({ ...host, ...this.limitOf(host, Infinity) })),
    );
  }

  /** One entry for each host; a plain list where the program made them, so that one unknown address hides no other. */
  each<T extends object>(
    map: (host: { name: string; connection: pulumi.Input<HostConnection> }) => T,
  ): pulumi.Input<pulumi.Input<T>[]> {
    const { hosts } = this;
    if (pulumi.Output.isInstance(hosts)) return hosts.apply((known) => known.map(map));
    return hosts.map((host) => map({ name: host.hostName, connection: host.access }));
  }

  /** The same outputs for all containers of a host that want no more than so many there; Infinity: any number. */
  partsOf(host: string, maxContainers: number): HostParts {
    const key = `${host} ${maxContainers}`;
    let parts = this.parts.get(key);
    if (!parts) {
      const info = this.infoOf(host);
      parts = {
        connection: lift(info, "connection"),
        capacity: info.apply((found) => ({
          ...found.capacity,
          headroom: found.headroom,
          ...this.limitOf(found, maxContainers),
        })),
      };
      this.parts.set(key, parts);
    }
    return parts;
  }

  /** Of a host of this program it depends on that host alone. */
  private infoOf(name: string): pulumi.Output<PlanHost> {
    return (
      this.infos.get(name) ??
      this.all.apply((hosts) => {
        const found = hosts.find((candidate) => candidate.name === name);
        if (!found) throw new pulumi.RunError(`cloud ${this.cloudName} has no host ${name}`);
        return found;
      })
    );
  }

  /** The tightest of what the host, the cloud and the layers below it allow; nothing where nobody says a number. */
  private limitOf(host: PlanHost, wanted: number): { maxContainers?: number } {
    const max = Math.min(host.maxContainers ?? Infinity, this.maxContainers, wanted);
    return Number.isFinite(max) ? { maxContainers: max } : {};
  }
}

function planHostOf(host: DockerHost) {
  return { name: host.hostName, connection: host.access, ...host.placementArgs };
}
