import { randomBytes } from "node:crypto";
import type {
  ContainerCreateBody,
  EndpointSettings,
  HostConfig,
} from "../../../provider/host/docker-types.js";
import { mountsOf, portsOf, type FakeContainer } from "./container.js";
import type { FakeExecs } from "./execs.js";
import { withTag, type FakeImages } from "./images.js";
import { FakeNetworks } from "./networks.js";
import {
  Refusal,
  bodyOf,
  filtersOf,
  frame,
  labelsMatch,
  type Answer,
  type Call,
  type Query,
} from "./protocol.js";
import type { FakeVolumes } from "./volumes.js";

/** The containers of one daemon: names are unique, ports are granted once, states follow created -> running -> exited. */
export class FakeContainers {
  readonly present = new Map<string, FakeContainer>();
  readonly networks = new FakeNetworks({
    all: () => this.present.values(),
    find: (id) => this.find(id),
  });
  private clock = 1_700_000_000;
  private pids = 1000;

  constructor(
    private readonly images: FakeImages,
    private readonly volumes: FakeVolumes,
    private readonly execs: FakeExecs,
  ) {}

  byName(name: string): FakeContainer | undefined {
    return [...this.present.values()].find((container) => container.name === name);
  }

  /** Containers whose label has this value. */
  labelled(label: string, value: string): FakeContainer[] {
    return [...this.present.values()].filter((c) => c.body.Labels?.[label] === value);
  }

  /** By id, name or the beginning of an id. */
  find(id: string): FakeContainer {
    const all = [...this.present.values()];
    const found =
      this.present.get(id) ??
      all.find((c) => c.name === id.replace(/^\//, "")) ??
      (id.length >= 4 ? all.find((c) => c.id.startsWith(id)) : undefined);
    if (!found) throw new Refusal(404, `No such container: ${id}`);
    return found;
  }

  create(name: string, body: ContainerCreateBody): FakeContainer {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name))
      throw new Refusal(
        400,
        `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      );
    const image = this.images.of(body.Image);
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
      if (mount.Type === "volume" && mount.Source) this.volumes.ensure(mount.Source, {});
    for (const bind of body.HostConfig?.Binds ?? []) {
      const source = bind.split(":")[0] ?? "";
      if (!source.startsWith("/")) this.volumes.ensure(source, {});
    }
    this.present.set(container.id, container);
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

  start(container: FakeContainer): void {
    if (container.state === "running") throw new Refusal(304, "");
    if (container.state === "dead")
      throw new Refusal(409, `container is marked for removal and cannot be started`);
    const joined: string[] = [];
    try {
      for (const name of container.networks.keys()) {
        this.networks.plug(container, name);
        joined.push(name);
      }
      this.assertPortsFree(container);
    } catch (error) {
      for (const name of joined) this.networks.unplug(container, name);
      throw error;
    }
    const image = this.images.of(container.body.Image);
    container.startedAt = new Date((this.clock += 1) * 1000).toISOString();
    if (image?.exits !== undefined) return this.end(container, image.exits);
    container.state = "running";
    container.pid = this.pids += 1;
  }

  /** Ends a running container, as its process does. */
  end(container: FakeContainer, code: number): void {
    for (const name of container.networks.keys()) this.networks.unplug(container, name);
    container.state = "exited";
    container.exitCode = code;
    container.pid = 0;
  }

  private assertPortsFree(container: FakeContainer): void {
    const wanted = portsOf(container);
    for (const other of this.present.values()) {
      if (other === container || other.state !== "running") continue;
      for (const port of portsOf(other))
        if (wanted.includes(port))
          throw new Refusal(
            500,
            `driver failed programming external connectivity on endpoint ${container.name}: Bind for 0.0.0.0:${port.split("/")[0]} failed: port is already allocated`,
          );
    }
  }

  answer(call: Call): Answer {
    const { method, query } = call;
    const [, id = "", verb = ""] = call.path;
    if (method === "GET" && id === "json") return this.list(query);
    if (method === "POST" && id === "create") {
      const name = query.get("name") || `fake_${randomBytes(4).toString("hex")}`;
      return { Id: this.create(name, bodyOf(call)).id, Warnings: [] };
    }
    const c = this.find(id);
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
      case "POST pause":
        c.isPaused = true;
        return undefined;
      case "POST unpause":
        if (!c.isPaused) throw new Refusal(409, `Container ${c.id} is not paused`);
        c.isPaused = false;
        return undefined;
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
        c.body.HostConfig = { ...c.body.HostConfig, ...bodyOf<HostConfig>(call) };
        return { Warnings: null };
      }
      case "POST wait":
        return { StatusCode: c.exitCode };
      case "GET logs":
        return (response) => {
          response.writeHead(200, { "Content-Type": "application/vnd.docker.raw-stream" });
          response.end(frame(1, this.images.of(c.body.Image)?.log ?? ""));
        };
      case "PUT archive":
        c.files.push({ path: query.get("path") ?? "", tar: call.data });
        return {};
      case "POST exec": {
        if (c.state !== "running") throw new Refusal(409, `Container ${c.id} is not running`);
        return { Id: this.execs.create(c, bodyOf<{ Cmd: string[] }>(call).Cmd) };
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
        if (c.removalProblem !== undefined) {
          c.state = "dead";
          throw new Refusal(500, c.removalProblem);
        }
        this.present.delete(c.id);
        return undefined;
      default:
        throw new Refusal(404, "page not found");
    }
  }

  private list(query: Query): object {
    const filters = filtersOf(query);
    return [...this.present.values()]
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
        // As Docker's list says of one whose removal has failed.
        State: c.state === "dead" ? "removing" : c.state,
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
    const health = this.images.of(c.body.Image)?.health ?? "healthy";
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
        Paused: c.isPaused === true,
        Restarting: false,
        OOMKilled: false,
        Dead: c.state === "dead",
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
        { ...endpoint, NetworkID: this.networks.byName(name)?.id ?? "" },
      ]),
    );
  }
}
