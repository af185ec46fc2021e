import { randomBytes } from "node:crypto";
import type {
  EndpointSettings,
  IpamConfig,
  NetworkCreateBody,
} from "../../../provider/host/docker-types.js";
import { AddressPool } from "./address-pool.js";
import type { FakeContainer } from "./container.js";
import { Refusal, bodyOf, filtersOf, labelsMatch, type Answer, type Call } from "./protocol.js";

export interface FakeNetwork {
  id: string;
  body: NetworkCreateBody;
  pool: AddressPool | undefined;
  /** Removals that are refused although no container is attached any more: endpoints Docker has not let go of. */
  lingering: number;
}

/** The networks of one daemon: a name once, an address once, no removal while containers use them. */
export class FakeNetworks {
  readonly present = new Map<string, FakeNetwork>();

  constructor(
    private readonly containers: {
      all(): Iterable<FakeContainer>;
      find(id: string): FakeContainer;
    },
  ) {
    for (const name of ["bridge", "host", "none"]) {
      const body: NetworkCreateBody = { Name: name, Driver: name === "none" ? "null" : name };
      if (name === "bridge")
        body.IPAM = { Config: [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }] };
      this.add(body);
    }
  }

  byName(name: string): FakeNetwork | undefined {
    return (
      this.present.get(name) ??
      [...this.present.values()].find((network) => network.body.Name === name)
    );
  }

  private get(name: string): FakeNetwork {
    const network = this.byName(name);
    if (!network) throw new Refusal(404, `network ${name} not found`);
    return network;
  }

  add(body: NetworkCreateBody): FakeNetwork {
    const config: IpamConfig | undefined = body.IPAM?.Config?.[0];
    const network = {
      id: randomBytes(32).toString("hex"),
      body,
      pool: config?.Subnet ? new AddressPool(config) : undefined,
      lingering: 0,
    };
    this.present.set(network.id, network);
    return network;
  }

  answer(call: Call): Answer {
    const { method, query } = call;
    const [, id = "", verb = ""] = call.path;
    if (method === "GET" && id === "") {
      const filters = filtersOf(query);
      return [...this.present.values()]
        .filter((n) => labelsMatch(n.body.Labels ?? {}, filters["label"]))
        .filter(
          (n) => !filters["name"] || filters["name"].some((name) => n.body.Name.includes(name)),
        )
        .map((n) => this.describe(n, false));
    }
    if (method === "POST" && id === "create") {
      const wanted = bodyOf<NetworkCreateBody>(call);
      if (this.byName(wanted.Name))
        throw new Refusal(409, `network with name ${wanted.Name} already exists`);
      const config = wanted.IPAM?.Config?.[0];
      if (config?.Subnet) {
        const pool = new AddressPool(config);
        if ([...this.present.values()].some((other) => other.pool?.overlaps(pool)))
          throw new Refusal(403, "Pool overlaps with other one on this address space");
      }
      return { Id: this.add(wanted).id, Warning: "" };
    }
    const network = this.get(id);
    if (method === "GET") return this.describe(network, true);
    const name = network.body.Name;
    if (method === "DELETE") {
      if (this.users(name).length > 0 || network.lingering-- > 0)
        throw new Refusal(
          403,
          `error while removing network: network ${name} id ${network.id} has active endpoints`,
        );
      this.present.delete(network.id);
      return undefined;
    }
    const request = bodyOf<{ Container: string; EndpointConfig?: EndpointSettings }>(call);
    const container = this.containers.find(request.Container);
    if (verb === "connect") this.connect(container, name, request.EndpointConfig);
    else this.disconnect(container, name);
    return {};
  }

  private connect(container: FakeContainer, name: string, endpoint?: EndpointSettings): void {
    if (container.networks.has(name))
      throw new Refusal(
        403,
        `endpoint with name ${container.name} already exists in network ${name}`,
      );
    container.networks.set(name, { ...endpoint });
    try {
      if (container.state === "running") this.plug(container, name);
    } catch (error) {
      container.networks.delete(name);
      throw error;
    }
  }

  private disconnect(container: FakeContainer, name: string): void {
    if (!container.networks.has(name))
      throw new Refusal(403, `container ${container.id} is not connected to network ${name}`);
    this.unplug(container, name);
    container.networks.delete(name);
  }

  private users(name: string): FakeContainer[] {
    return [...this.containers.all()].filter((c) => c.state === "running" && c.networks.has(name));
  }

  /** Gives a container its address on a network. */
  plug(container: FakeContainer, name: string): void {
    const network = this.get(name);
    const endpoint = container.networks.get(name) ?? {};
    if (!network.pool) return;
    const address = network.pool.take(endpoint.IPAMConfig?.IPv4Address);
    if (address === undefined) throw new Refusal(403, "Address already in use");
    container.networks.set(name, {
      ...endpoint,
      EndpointID: randomBytes(32).toString("hex"),
      IPAddress: address,
      Gateway: network.body.IPAM?.Config?.[0]?.Gateway ?? "",
      MacAddress:
        endpoint.MacAddress ??
        container.body.MacAddress ??
        `02:42:${address
          .split(".")
          .map((part) => Number(part).toString(16).padStart(2, "0"))
          .join(":")}`,
    });
  }

  unplug(container: FakeContainer, name: string): void {
    const endpoint = container.networks.get(name);
    if (!endpoint?.IPAddress) return;
    this.byName(name)?.pool?.release(endpoint.IPAddress);
    container.networks.set(name, { ...endpoint, IPAddress: "", EndpointID: "", Gateway: "" });
  }

  private describe(network: FakeNetwork, withContainers: boolean): object {
    const { body } = network;
    return {
      Id: network.id,
      Name: body.Name,
      Driver: body.Driver ?? "bridge",
      Scope: "local",
      Internal: body.Internal ?? false,
      EnableIPv6: false,
      IPAM: { Driver: "default", Config: body.IPAM?.Config ?? [], Options: null },
      Options: body.Options ?? {},
      Labels: body.Labels ?? {},
      ...(withContainers
        ? {
            Containers: Object.fromEntries(
              this.users(body.Name).map((c) => {
                const endpoint = c.networks.get(body.Name);
                const prefix = body.IPAM?.Config?.[0]?.Subnet?.split("/")[1] ?? "16";
                return [
                  c.id,
                  {
                    Name: c.name,
                    EndpointID: endpoint?.EndpointID ?? "",
                    MacAddress: endpoint?.MacAddress ?? "",
                    IPv4Address: endpoint?.IPAddress ? `${endpoint.IPAddress}/${prefix}` : "",
                    IPv6Address: "",
                  },
                ];
              }),
            ),
          }
        : {}),
    };
  }
}
