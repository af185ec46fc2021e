import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type {
  ContainerCreateBody,
  EndpointSettings,
  IpamConfig,
  NetworkCreateBody,
} from "../../provider/host/docker-types.js";
import { AddressPool } from "./fake-ipam.js";

/** What a fake image does when it runs. */
export interface FakeImage {
  id: string;
  digest?: string;
  architecture?: string;
  /** The container ends at once with this code. */
  exits?: number;
  /** What its health check says; absent: "healthy" when there is a health check. */
  health?: "starting" | "healthy" | "unhealthy";
  log?: string;
  config?: Partial<ContainerCreateBody>;
}

export interface FakeContainer {
  id: string;
  name: string;
  created: number;
  body: ContainerCreateBody;
  imageId: string;
  state: "created" | "running" | "exited";
  exitCode: number;
  startedAt: string;
  networks: Map<string, EndpointSettings>;
  files: { path: string; tar: Buffer }[];
  pid: number;
}

interface FakeNetwork {
  id: string;
  body: NetworkCreateBody;
  pool: AddressPool | undefined;
}

export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Query = URLSearchParams;
export type Answer = object | string | undefined | ((response: ServerResponse) => void);

/**
 * The part of dockerd that the lifecycles use, in memory, with Docker's own status codes and sentences: names are
 * unique, addresses and ports are granted once, states follow created -> running -> exited.
 */
export class FakeDockerd {
  apiVersion = "1.41";
  version = "20.10.24";
  cpus = 4;
  memoryBytes = 8 * 1024 ** 3;
  readonly id: string;
  readonly containers = new Map<string, FakeContainer>();
  readonly networks = new Map<string, FakeNetwork>();
  readonly volumes = new Map<string, { Name: string; Labels: Record<string, string> }>();
  /** Images present, by reference with a tag. */
  readonly images = new Map<string, FakeImage>();
  /** What can be pulled. */
  readonly registry = new Map<string, FakeImage>();
  /** "POST /containers/create" and so on, without the version, in order. */
  readonly requests: string[] = [];
  /** Called before each request is served; may throw to answer 500, or wait. */
  before: ((request: string) => void | Promise<void>) | undefined;
  /** What of `/info` and of requests a swarm answers, when the daemon is one's (fake-swarm.ts). */
  swarm:
    | {
        info(): object;
        /** "unknown": not of the swarm. */
        answer(method: string, path: string[], query: Query, body: () => unknown): Answer;
      }
    | undefined;
  private readonly server: Server;
  private readonly execs = new Map<string, { container: string; argv: string[]; code: number }>();
  /** Answers commands run in containers. */
  onContainerExec: (
    container: FakeContainer,
    argv: string[],
    stdin: string,
  ) => { code: number; stdout?: string; stderr?: string } = () => ({ code: 0 });
  private clock = 1_700_000_000;
  private pids = 1000;

  constructor(readonly hostName: string) {
    this.id = createHash("sha256").update(hostName).digest("hex").slice(0, 12).toUpperCase();
    for (const name of ["bridge", "host", "none"]) {
      const body: NetworkCreateBody = { Name: name, Driver: name === "none" ? "null" : name };
      if (name === "bridge")
        body.IPAM = { Config: [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }] };
      this.addNetwork(body);
    }
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.on("upgrade", (request, socket) => void this.upgrade(request, socket));
  }

  accept(socket: Duplex): void {
    this.server.emit("connection", socket);
  }

  addImage(reference: string, image: Partial<FakeImage> = {}): FakeImage {
    const full = { id: `sha256:${createHash("sha256").update(reference).digest("hex")}`, ...image };
    this.images.set(withTag(reference), full);
    return full;
  }

  /** A container made by hand, e.g. a foreign one. */
  addContainer(name: string, body: ContainerCreateBody, running = true): FakeContainer {
    if (!this.images.has(withTag(body.Image))) this.addImage(body.Image);
    const container = this.create(name, body);
    if (running) this.start(container);
    return container;
  }

  byName(name: string): FakeContainer | undefined {
    return [...this.containers.values()].find((container) => container.name === name);
  }

  /** Running containers whose label has this value. */
  labelled(label: string, value: string): FakeContainer[] {
    return [...this.containers.values()].filter((c) => c.body.Labels?.[label] === value);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const data = await readAll(request);
    const url = new URL(request.url ?? "/", "http://docker");
    const path = url.pathname.replace(/^\/v1\.\d+/, "");
    const line = `${request.method} ${path}`;
    this.requests.push(line);
    try {
      await this.before?.(line);
      const answer = this.route(request.method ?? "GET", path, url.searchParams, data);
      if (typeof answer === "function")
        return void (answer as (to: ServerResponse) => void)(response);
      const created = request.method === "POST" && /\/(create|exec)$/.test(path);
      const status = answer === undefined ? 204 : created ? 201 : 200;
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(
        answer === undefined
          ? undefined
          : typeof answer === "string"
            ? answer
            : JSON.stringify(answer),
      );
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(
        status === 304 ? undefined : JSON.stringify({ message: (error as Error).message }),
      );
    }
  }

  private route(method: string, path: string, query: Query, data: Buffer): Answer {
    const body = () => (data.length > 0 ? (JSON.parse(data.toString("utf8")) as unknown) : {});
    const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
    const [kind, id = "", verb = ""] = parts;
    const ofSwarm = this.swarm ? this.swarm.answer(method, parts, query, body) : "unknown";
    if (ofSwarm !== "unknown") return ofSwarm;
    if (kind === "_ping") return "OK";
    if (kind === "version")
      return {
        Version: this.version,
        ApiVersion: this.apiVersion,
        MinAPIVersion: "1.12",
        Os: "linux",
        Arch: "amd64",
        KernelVersion: "6.1.0",
      };
    if (kind === "info") return this.info();
    if (kind === "containers") {
      if (method === "GET" && id === "json") return this.listContainers(query);
      if (method === "POST" && id === "create")
        return this.createFromRequest(query.get("name") ?? "", body() as ContainerCreateBody);
      return this.containerVerb(method, this.find(id), verb, query, data);
    }
    if (kind === "networks") return this.networkVerb(method, id, verb, query, body);
    if (kind === "volumes") return this.volumeVerb(method, id, query, body);
    if (kind === "images") return this.imageVerb(method, parts.slice(1), query, data);
    if (kind === "exec" && verb === "json")
      return { ExitCode: this.execs.get(id)?.code ?? 0, Running: false };
    if (kind === "exec" && verb === "resize") return {};
    throw new Refusal(404, "page not found");
  }

  private info(): object {
    const all = [...this.containers.values()];
    return {
      ID: this.id,
      Name: this.hostName,
      ServerVersion: this.version,
      NCPU: this.cpus,
      MemTotal: this.memoryBytes,
      OperatingSystem: "Debian GNU/Linux 12 (bookworm)",
      OSType: "linux",
      Architecture: "x86_64",
      KernelVersion: "6.1.0",
      CgroupVersion: "1",
      LoggingDriver: "json-file",
      LiveRestoreEnabled: false,
      DockerRootDir: "/var/lib/docker",
      ...(this.swarm ? { Swarm: this.swarm.info() } : {}),
      Containers: all.length,
      ContainersRunning: all.filter((c) => c.state === "running").length,
    };
  }

  // Containers

  private find(id: string): FakeContainer {
    const all = [...this.containers.values()];
    const found =
      this.containers.get(id) ??
      all.find((c) => c.name === id.replace(/^\//, "")) ??
      (id.length >= 4 ? all.find((c) => c.id.startsWith(id)) : undefined);
    if (!found) throw new Refusal(404, `No such container: ${id}`);
    return found;
  }

  private createFromRequest(name: string, body: ContainerCreateBody): object {
    const container = this.create(name || `fake_${randomBytes(4).toString("hex")}`, body);
    return { Id: container.id, Warnings: [] };
  }

  private create(name: string, body: ContainerCreateBody): FakeContainer {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name))
      throw new Refusal(
        400,
        `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      );
    const image = this.imageOf(body.Image);
    if (!image) throw new Refusal(404, `No such image: ${withTag(body.Image)}`);
    this.assertNameFree(name);
    const container: FakeContainer = {
      id: randomBytes(32).toString("hex"),
      name,
      created: (this.clock += 1),
      body,
      imageId: image.id,
      state: "created",
      exitCode: 0,
      startedAt: "0001-01-01T00:00:00Z",
      networks: new Map(),
      files: [],
      pid: 0,
    };
    const mode = body.HostConfig?.NetworkMode ?? "default";
    const first = mode === "default" ? "bridge" : mode;
    const endpoints = body.NetworkingConfig?.EndpointsConfig ?? {};
    for (const network of new Set([first, ...Object.keys(endpoints)]))
      container.networks.set(network, { ...endpoints[network] });
    for (const mount of body.HostConfig?.Mounts ?? [])
      if (mount.Type === "volume" && mount.Source) this.ensureVolume(mount.Source, {});
    for (const bind of body.HostConfig?.Binds ?? []) {
      const source = bind.split(":")[0] ?? "";
      if (!source.startsWith("/")) this.ensureVolume(source, {});
    }
    this.containers.set(container.id, container);
    return container;
  }

  private assertNameFree(name: string): void {
    const other = this.byName(name);
    if (other)
      throw new Refusal(
        409,
        `Conflict. The container name "/${name}" is already in use by container "${other.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
  }

  private start(container: FakeContainer): void {
    if (container.state === "running") throw new Refusal(304, "");
    const joined: string[] = [];
    try {
      for (const name of container.networks.keys()) {
        this.plug(container, name);
        joined.push(name);
      }
      this.assertPortsFree(container);
    } catch (error) {
      for (const name of joined) this.unplug(container, name);
      throw error;
    }
    const image = this.imageOf(container.body.Image);
    container.startedAt = new Date((this.clock += 1) * 1000).toISOString();
    if (image?.exits !== undefined) return this.end(container, image.exits);
    container.state = "running";
    container.pid = this.pids += 1;
  }

  /** Ends a running container, as its process does. */
  end(container: FakeContainer, code: number): void {
    for (const name of container.networks.keys()) this.unplug(container, name);
    container.state = "exited";
    container.exitCode = code;
    container.pid = 0;
  }

  private assertPortsFree(container: FakeContainer): void {
    const wanted = portsOf(container);
    for (const other of this.containers.values()) {
      if (other === container || other.state !== "running") continue;
      for (const port of portsOf(other))
        if (wanted.includes(port))
          throw new Refusal(
            500,
            `driver failed programming external connectivity on endpoint ${container.name}: Bind for 0.0.0.0:${port.split("/")[0]} failed: port is already allocated`,
          );
    }
  }

  private containerVerb(
    method: string,
    c: FakeContainer,
    verb: string,
    query: Query,
    data: Buffer,
  ): Answer {
    const body = () =>
      data.length > 0 ? (JSON.parse(data.toString("utf8")) as Record<string, unknown>) : {};
    switch (`${method} ${verb}`) {
      case "GET json":
        return this.inspect(c);
      case "POST start":
        return void this.start(c);
      case "POST stop":
        if (c.state !== "running") throw new Refusal(304, "");
        return void this.end(c, 0);
      case "POST restart":
        if (c.state === "running") this.end(c, 0);
        return void this.start(c);
      case "POST kill":
        if (c.state !== "running")
          throw new Refusal(
            409,
            `Cannot kill container: ${c.id}: Container ${c.id} is not running`,
          );
        return void this.end(c, 137);
      case "POST rename": {
        const name = query.get("name") ?? "";
        if (name !== c.name) this.assertNameFree(name);
        c.name = name;
        return undefined;
      }
      case "POST update": {
        c.body.HostConfig = { ...c.body.HostConfig, ...body() };
        return { Warnings: null };
      }
      case "POST wait":
        return { StatusCode: c.exitCode };
      case "GET logs":
        return (response) => {
          response.writeHead(200, { "Content-Type": "application/vnd.docker.raw-stream" });
          response.end(frame(1, this.imageOf(c.body.Image)?.log ?? ""));
        };
      case "PUT archive":
        c.files.push({ path: query.get("path") ?? "", tar: data });
        return {};
      case "POST exec": {
        if (c.state !== "running") throw new Refusal(409, `Container ${c.id} is not running`);
        const id = randomBytes(32).toString("hex");
        this.execs.set(id, { container: c.id, argv: body()["Cmd"] as string[], code: 0 });
        return { Id: id };
      }
      case "DELETE ":
        if (c.state === "running") {
          if (query.get("force") !== "true")
            throw new Refusal(
              409,
              `You cannot remove a running container ${c.id}. Stop the container before attempting removal or force remove`,
            );
          this.end(c, 137);
        }
        this.containers.delete(c.id);
        return undefined;
      default:
        throw new Refusal(404, "page not found");
    }
  }

  private async upgrade(request: IncomingMessage, socket: Duplex): Promise<void> {
    const id = /\/exec\/([0-9a-f]+)\/start/.exec(request.url ?? "")?.[1] ?? "";
    const exec = this.execs.get(id);
    socket.on("error", () => {});
    if (!exec) {
      socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    // The body of the request (its options) comes before what the command reads; its length is in the header.
    const skip = Number(request.headers["content-length"] ?? 0);
    const read: Buffer[] = [];
    const finish = () => {
      const stdin = Buffer.concat(read).subarray(skip).toString("utf8");
      const result = this.onContainerExec(this.find(exec.container), exec.argv, stdin);
      exec.code = result.code;
      if (result.stdout) socket.write(frame(1, result.stdout));
      if (result.stderr) socket.write(frame(2, result.stderr));
      socket.end();
    };
    socket.on("data", (chunk: Buffer) => read.push(chunk));
    socket.once("end", finish);
    socket.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
    setTimeout(() => {
      if (Buffer.concat(read).length <= skip) {
        socket.off("end", finish);
        finish();
      }
    }, 20);
  }

  private listContainers(query: Query): object {
    const filters = filtersOf(query);
    return [...this.containers.values()]
      .filter((c) => query.get("all") === "true" || c.state === "running")
      .filter((c) => labelsMatch(c.body.Labels ?? {}, filters["label"]))
      .filter(
        (c) =>
          !filters["name"] || filters["name"].some((name) => new RegExp(name).test(`/${c.name}`)),
      )
      .filter((c) => !filters["id"] || filters["id"].some((id) => c.id.startsWith(id)))
      .filter((c) => !filters["status"] || filters["status"].includes(c.state))
      .filter((c) => !filters["network"] || filters["network"].some((name) => c.networks.has(name)))
      .filter(
        (c) =>
          !filters["volume"] ||
          mountsOf(c).some((mount) => filters["volume"]?.includes(mount.Name ?? "")),
      )
      .map((c) => ({
        Id: c.id,
        Names: [`/${c.name}`],
        Image: c.body.Image,
        ImageID: c.imageId,
        Created: c.created,
        State: c.state,
        Status: c.state,
        Labels: c.body.Labels ?? {},
        Ports: Object.entries(c.body.HostConfig?.PortBindings ?? {}).flatMap(([port, bindings]) =>
          (c.state === "running" ? bindings : []).map((binding) => ({
            IP: binding.HostIp ?? "0.0.0.0",
            PrivatePort: Number(port.split("/")[0]),
            PublicPort: Number(binding.HostPort),
            Type: port.split("/")[1] ?? "tcp",
          })),
        ),
        Mounts: mountsOf(c),
        NetworkSettings: { Networks: this.endpoints(c) },
      }));
  }

  private inspect(c: FakeContainer): object {
    const running = c.state === "running";
    const health = this.imageOf(c.body.Image)?.health ?? "healthy";
    return {
      Id: c.id,
      Name: `/${c.name}`,
      Created: new Date(c.created * 1000).toISOString(),
      Image: c.imageId,
      Path: "",
      Args: [],
      RestartCount: 0,
      State: {
        Status: c.state,
        Running: running,
        Paused: false,
        Restarting: false,
        OOMKilled: false,
        Dead: false,
        Pid: c.pid,
        ExitCode: c.exitCode,
        Error: "",
        StartedAt: c.startedAt,
        FinishedAt: "0001-01-01T00:00:00Z",
        ...(c.body.Healthcheck
          ? { Health: { Status: running ? health : "unhealthy", FailingStreak: 0, Log: [] } }
          : {}),
      },
      Config: c.body,
      HostConfig: { NetworkMode: "default", ...c.body.HostConfig },
      NetworkSettings: {
        Networks: this.endpoints(c),
        Ports: running ? (c.body.HostConfig?.PortBindings ?? {}) : {},
        SandboxKey: running ? `/var/run/docker/netns/${c.id.slice(0, 12)}` : "",
      },
      Mounts: mountsOf(c),
    };
  }

  private endpoints(c: FakeContainer): Record<string, EndpointSettings> {
    return Object.fromEntries(
      [...c.networks].map(([name, endpoint]) => [
        name,
        { ...endpoint, NetworkID: this.networkByName(name)?.id ?? "" },
      ]),
    );
  }

  // Networks

  private networkByName(name: string): FakeNetwork | undefined {
    return (
      this.networks.get(name) ??
      [...this.networks.values()].find((network) => network.body.Name === name)
    );
  }

  private network(name: string): FakeNetwork {
    const network = this.networkByName(name);
    if (!network) throw new Refusal(404, `network ${name} not found`);
    return network;
  }

  private addNetwork(body: NetworkCreateBody): FakeNetwork {
    const config: IpamConfig | undefined = body.IPAM?.Config?.[0];
    const network = {
      id: randomBytes(32).toString("hex"),
      body,
      pool: config?.Subnet ? new AddressPool(config) : undefined,
    };
    this.networks.set(network.id, network);
    return network;
  }

  private networkVerb(
    method: string,
    id: string,
    verb: string,
    query: Query,
    body: () => unknown,
  ): Answer {
    if (method === "GET" && id === "") {
      const filters = filtersOf(query);
      return [...this.networks.values()]
        .filter((n) => labelsMatch(n.body.Labels ?? {}, filters["label"]))
        .filter(
          (n) => !filters["name"] || filters["name"].some((name) => n.body.Name.includes(name)),
        )
        .map((n) => this.describeNetwork(n, false));
    }
    if (method === "POST" && id === "create") {
      const wanted = body() as NetworkCreateBody;
      if (this.networkByName(wanted.Name))
        throw new Refusal(409, `network with name ${wanted.Name} already exists`);
      const config = wanted.IPAM?.Config?.[0];
      if (config?.Subnet) {
        const pool = new AddressPool(config);
        if ([...this.networks.values()].some((other) => other.pool?.overlaps(pool)))
          throw new Refusal(403, "Pool overlaps with other one on this address space");
      }
      return { Id: this.addNetwork(wanted).id, Warning: "" };
    }
    const network = this.network(id);
    if (method === "GET") return this.describeNetwork(network, true);
    const name = network.body.Name;
    if (method === "DELETE") {
      if (this.users(name).length > 0)
        throw new Refusal(
          403,
          `error while removing network: network ${name} id ${network.id} has active endpoints`,
        );
      this.networks.delete(network.id);
      return undefined;
    }
    const request = body() as {
      Container: string;
      EndpointConfig?: EndpointSettings;
      Force?: boolean;
    };
    const container = this.find(request.Container);
    if (verb === "connect") {
      if (container.networks.has(name))
        throw new Refusal(
          403,
          `endpoint with name ${container.name} already exists in network ${name}`,
        );
      container.networks.set(name, { ...request.EndpointConfig });
      try {
        if (container.state === "running") this.plug(container, name);
      } catch (error) {
        container.networks.delete(name);
        throw error;
      }
      return {};
    }
    if (!container.networks.has(name))
      throw new Refusal(403, `container ${container.id} is not connected to network ${name}`);
    this.unplug(container, name);
    container.networks.delete(name);
    return {};
  }

  private users(name: string): FakeContainer[] {
    return [...this.containers.values()].filter(
      (c) => c.state === "running" && c.networks.has(name),
    );
  }

  /** Gives a container its address on a network. */
  private plug(container: FakeContainer, name: string): void {
    const network = this.network(name);
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

  private unplug(container: FakeContainer, name: string): void {
    const endpoint = container.networks.get(name);
    if (!endpoint?.IPAddress) return;
    this.networkByName(name)?.pool?.release(endpoint.IPAddress);
    container.networks.set(name, { ...endpoint, IPAddress: "", EndpointID: "", Gateway: "" });
  }

  private describeNetwork(network: FakeNetwork, withContainers: boolean): object {
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

  // Volumes and images

  private ensureVolume(name: string, labels: Record<string, string>) {
    const volume = this.volumes.get(name) ?? { Name: name, Labels: labels };
    this.volumes.set(name, volume);
    return {
      Driver: "local",
      Mountpoint: `/var/lib/docker/volumes/${name}/_data`,
      Options: null,
      Scope: "local",
      ...volume,
    };
  }

  private volumeVerb(method: string, id: string, query: Query, body: () => unknown): Answer {
    if (method === "GET" && id === "") {
      const filters = filtersOf(query);
      return {
        Volumes: [...this.volumes.values()]
          .filter((volume) => labelsMatch(volume.Labels, filters["label"]))
          .map((volume) => this.ensureVolume(volume.Name, {})),
      };
    }
    if (method === "POST") {
      const wanted = body() as { Name: string; Labels?: Record<string, string> };
      return this.ensureVolume(wanted.Name, wanted.Labels ?? {});
    }
    if (!this.volumes.has(id)) throw new Refusal(404, `get ${id}: no such volume`);
    if (method === "GET") return this.ensureVolume(id, {});
    this.volumes.delete(id);
    return undefined;
  }

  private imageOf(reference: string): FakeImage | undefined {
    return (
      this.images.get(withTag(reference)) ??
      [...this.images.values()].find(
        ({ id, digest }) =>
          id === reference || (digest !== undefined && digest === reference.split("@")[1]),
      )
    );
  }

  private imageVerb(method: string, parts: string[], query: Query, data: Buffer): Answer {
    const action = parts.at(-1);
    if (method === "GET" && parts.length === 1 && action === "json")
      return [...this.images].map(([tag, image]) => this.describeImage(tag, image));
    if (method === "GET" && action === "json") {
      const reference = parts.slice(0, -1).join("/");
      const image = this.imageOf(reference);
      if (!image) throw new Refusal(404, `No such image: ${withTag(reference)}`);
      return this.describeImage(withTag(reference), image);
    }
    if (action === "create")
      return this.pull(query.get("fromImage") ?? "", query.get("tag") ?? "latest");
    if (action === "load") {
      const tags = [...data.toString("latin1").matchAll(/"RepoTags":\["([^"]+)"\]/g)].map(
        (match) => match[1] ?? "",
      );
      for (const tag of tags) this.addImage(tag);
      return JSON.stringify({ stream: `Loaded image: ${tags.join(", ")}\n` });
    }
    throw new Refusal(404, "page not found");
  }

  private pull(name: string, tag: string): Answer {
    const reference = tag.startsWith("sha256:") ? `${name}@${tag}` : `${name}:${tag}`;
    const image = this.registry.get(reference);
    if (!image)
      throw new Refusal(
        404,
        `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
      );
    this.images.set(reference, image);
    return [
      { status: `Pulling from ${name}`, id: tag },
      { status: "Downloading", id: "layer", progressDetail: { current: 50, total: 100 } },
      { status: `Status: Downloaded newer image for ${reference}` },
    ]
      .map((line) => JSON.stringify(line))
      .join("\r\n");
  }

  private describeImage(tag: string, image: FakeImage): object {
    return {
      Id: image.id,
      RepoTags: [tag],
      RepoDigests: image.digest ? [`${tag.slice(0, tag.lastIndexOf(":"))}@${image.digest}`] : [],
      Architecture: image.architecture ?? "amd64",
      Os: "linux",
      Size: 1000,
      Config: image.config ?? {},
    };
  }
}

function portsOf(container: FakeContainer): string[] {
  return Object.entries(container.body.HostConfig?.PortBindings ?? {}).flatMap(([port, bindings]) =>
    bindings.filter((b) => b.HostPort).map((b) => `${b.HostPort}/${port.split("/")[1] ?? "tcp"}`),
  );
}

function mountsOf(container: FakeContainer) {
  const host = container.body.HostConfig;
  return [
    ...(host?.Mounts ?? []).map((mount) => ({
      Type: mount.Type,
      ...(mount.Type === "volume" ? { Name: mount.Source ?? "" } : {}),
      Source: mount.Source ?? "",
      Destination: mount.Target,
      RW: mount.ReadOnly !== true,
    })),
    ...(host?.Binds ?? []).map((bind) => {
      const [source = "", target = "", mode = ""] = bind.split(":");
      const volume = !source.startsWith("/");
      return {
        Type: volume ? "volume" : "bind",
        ...(volume ? { Name: source } : {}),
        Source: source,
        Destination: target,
        RW: !mode.includes("ro"),
      };
    }),
  ];
}

function filtersOf(query: Query): Record<string, string[]> {
  return JSON.parse(query.get("filters") ?? "{}") as Record<string, string[]>;
}

function labelsMatch(labels: Record<string, string>, wanted: string[] | undefined): boolean {
  return (wanted ?? []).every((label) => {
    const [key = "", ...value] = label.split("=");
    return value.length === 0 ? key in labels : labels[key] === value.join("=");
  });
}

function withTag(reference: string): string {
  if (reference.includes("@") || reference.startsWith("sha256:")) return reference;
  return reference.lastIndexOf(":") > reference.lastIndexOf("/")
    ? reference
    : `${reference}:latest`;
}

function frame(stream: 1 | 2, text: string): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
