import { StringDecoder } from "node:string_decoder";
import type { Duplex, Readable } from "node:stream";
import { CloudError } from "../errors.js";
import { redact } from "../redact.js";
import type { HostConnection } from "./connection.js";
import { DockerHttp, type DockerCall } from "./docker-http.js";
import { Demultiplexer, JsonLines } from "./docker-stream.js";
import type {
  ContainerCreateBody,
  ContainerInspect,
  ContainerSummary,
  DockerInfo,
  DockerNetwork,
  DockerVersion,
  DockerVolume,
  EndpointSettings,
  ImageInspect,
  ImageSummary,
  NetworkCreateBody,
  ProgressLine,
  SwarmNode,
  UpdateBody,
} from "./docker-types.js";
import { transportFor } from "./pool.js";
import type { Transport } from "./transport.js";

/** Oldest API we speak (Docker 20.10) and the newest one we know. */
const OLDEST = 41;
const NEWEST = 48;

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface LogOptions extends CallOptions {
  tail?: number;
  since?: number;
  timestamps?: boolean;
  follow?: boolean;
}

/**
 * A Docker daemon on a host, over its socket. Thin: each function is one request. Errors are CloudErrors: `docker`
 * with `status` (see `isNotFound`), `conflict` for a name, port or address that is taken, `unreachable`, `deadline`.
 */
export class DockerClient {
  private readonly http: DockerHttp;
  private prefix: Promise<string> | undefined;

  constructor(readonly transport: Transport) {
    this.http = new DockerHttp(transport, transport.connection.dockerSocket, () =>
      this.versioned(),
    );
  }

  close(): void {
    this.http.close();
  }

  // The daemon

  async version(options: CallOptions = {}): Promise<DockerVersion> {
    return this.http.json({
      method: "GET",
      path: "/version",
      unversioned: true,
      what: "tell its version",
      ...options,
    });
  }

  /** "OK", or an error. */
  async ping(options: CallOptions = {}): Promise<void> {
    await this.http.json({
      method: "GET",
      path: "/_ping",
      unversioned: true,
      what: "answer a ping",
      ...options,
    });
  }

  /** Minor number of the API that is spoken: 44 for 1.44. */
  async apiMinor(): Promise<number> {
    return minor((await this.versioned()).slice("/v".length));
  }

  async info(options: CallOptions = {}): Promise<DockerInfo> {
    return this.get("/info", "describe itself", options);
  }

  // Containers

  /** All containers, stopped ones too, unless `filters` say otherwise (`{ label: ["a=b"] }`). */
  async listContainers(
    filters: Record<string, string[]> = {},
    options: CallOptions = {},
  ): Promise<ContainerSummary[]> {
    return this.get("/containers/json", "list containers", options, { all: true, filters });
  }

  async inspectContainer(id: string, options: CallOptions = {}): Promise<ContainerInspect> {
    return this.get(`/containers/${segment(id)}/json`, `inspect container ${id}`, options);
  }

  async createContainer(
    name: string,
    body: ContainerCreateBody,
    options: CallOptions = {},
  ): Promise<{ Id: string; Warnings: string[] | null }> {
    return this.post("/containers/create", `create container ${name}`, options, {
      body,
      query: { name },
    });
  }

  async startContainer(id: string, options: CallOptions = {}): Promise<void> {
    await this.post(`/containers/${segment(id)}/start`, `start container ${id}`, options);
  }

  /** Waits up to `seconds` for it to end by itself, then kills it. */
  async stopContainer(id: string, seconds?: number, options: CallOptions = {}): Promise<void> {
    const timeoutMs = options.timeoutMs ?? (seconds ?? 10) * 1000 + 30_000;
    await this.post(
      `/containers/${segment(id)}/stop`,
      `stop container ${id}`,
      { ...options, timeoutMs },
      { query: { t: seconds } },
    );
  }

  async restartContainer(id: string, seconds?: number, options: CallOptions = {}): Promise<void> {
    const timeoutMs = options.timeoutMs ?? (seconds ?? 10) * 1000 + 30_000;
    await this.post(
      `/containers/${segment(id)}/restart`,
      `restart container ${id}`,
      { ...options, timeoutMs },
      { query: { t: seconds } },
    );
  }

  async killContainer(id: string, signal = "SIGKILL", options: CallOptions = {}): Promise<void> {
    await this.post(`/containers/${segment(id)}/kill`, `kill container ${id}`, options, {
      query: { signal },
    });
  }

  /** Never its volumes. */
  async removeContainer(id: string, force = false, options: CallOptions = {}): Promise<void> {
    await this.delete(`/containers/${segment(id)}`, `remove container ${id}`, options, {
      force,
      v: false,
    });
  }

  async renameContainer(id: string, name: string, options: CallOptions = {}): Promise<void> {
    await this.post(
      `/containers/${segment(id)}/rename`,
      `rename container ${id} to ${name}`,
      options,
      { query: { name } },
    );
  }

  async updateContainer(
    id: string,
    body: UpdateBody,
    options: CallOptions = {},
  ): Promise<{ Warnings: string[] | null }> {
    return this.post(`/containers/${segment(id)}/update`, `update container ${id}`, options, {
      body,
    });
  }

  /** Waits until it is not running; answers its exit code. */
  async waitContainer(id: string, options: CallOptions = {}): Promise<number> {
    const answer = await this.post<{ StatusCode: number }>(
      `/containers/${segment(id)}/wait`,
      `wait for container ${id}`,
      options,
    );
    return answer.StatusCode;
  }

  /** The last lines of both streams as text; terminal output as it is. */
  async logs(id: string, options: LogOptions = {}): Promise<string> {
    let text = "";
    await this.streamLogs(id, { ...options, follow: false }, (_stream, part) => (text += part));
    return text;
  }

  /** Log output as it comes; with `follow`, until the container ends or `signal` aborts. */
  async streamLogs(
    id: string,
    options: LogOptions,
    onText: (stream: "stdout" | "stderr", text: string) => void,
  ): Promise<void> {
    const { tail, since, timestamps, follow = false, ...rest } = options;
    const tty = (await this.inspectContainer(id, rest)).Config.Tty === true;
    const decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
    const frames = new Demultiplexer((stream, data) =>
      onText(stream, decoders[stream].write(data)),
    );
    const call: DockerCall = {
      method: "GET",
      path: `/containers/${segment(id)}/logs`,
      what: `read the log of container ${id}`,
      query: { stdout: true, stderr: true, follow, tail: tail ?? "all", since, timestamps },
      ...rest,
      // A quiet container is no dead connection; keepalive of the transport watches that.
      timeoutMs: rest.timeoutMs ?? (follow ? 2 ** 31 - 1 : 60_000),
    };
    await this.http.stream(call, (chunk) =>
      tty ? onText("stdout", decoders.stdout.write(chunk)) : frames.push(chunk),
    );
  }

  /** Unpacks a tar archive at a path of the container. */
  async putArchive(
    id: string,
    path: string,
    tar: Buffer,
    options: CallOptions = {},
  ): Promise<void> {
    await this.http.json({
      method: "PUT",
      path: `/containers/${segment(id)}/archive`,
      what: `copy files into container ${id}`,
      query: { path, noOverwriteDirNonDir: true },
      data: tar,
      ...options,
    });
  }

  // Exec

  /** Runs a command in a container and collects its output. */
  async exec(
    id: string,
    argv: readonly string[],
    options: CallOptions & { stdin?: string | Buffer; user?: string; env?: string[] } = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const { stdin, user, env, ...rest } = options;
    const session = await this.openExec(id, argv, {
      tty: false,
      stdin: stdin !== undefined,
      ...(user === undefined ? {} : { user }),
      ...(env === undefined ? {} : { env }),
      ...rest,
    });
    const out = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const frames = new Demultiplexer((stream, data) => out[stream].push(data));
    const limit = rest.timeoutMs ?? 60_000;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        session.stream.destroy();
        reject(
          new CloudError(
            "deadline",
            `a command in container ${id} did not end within ${limit / 1000} s`,
            {
              host: this.transport.connection.name,
            },
          ),
        );
      }, limit);
      session.stream.on("data", (chunk: Buffer) => frames.push(chunk));
      session.stream.once("error", reject);
      session.stream.once("end", resolve);
      session.stream.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      if (stdin !== undefined) session.stream.end(stdin);
    });
    session.stream.destroy();
    const text = (parts: Buffer[]) => Buffer.concat(parts).toString("utf8");
    return {
      code: (await session.exitCode()) ?? 0,
      stdout: text(out.stdout),
      stderr: text(out.stderr),
    };
  }

  /** An interactive exec: its raw stream (multiplexed unless `tty`), its exit code, and the size of its terminal. */
  async openExec(
    id: string,
    argv: readonly string[],
    options: CallOptions & { tty: boolean; stdin: boolean; user?: string; env?: string[] },
  ): Promise<{
    stream: Duplex;
    exitCode(): Promise<number | null>;
    resize(rows: number, columns: number): Promise<void>;
  }> {
    const { tty, stdin, user, env, ...rest } = options;
    const body = {
      AttachStdin: stdin,
      AttachStdout: true,
      AttachStderr: true,
      Tty: tty,
      Cmd: [...argv],
      ...(user === undefined ? {} : { User: user }),
      ...(env === undefined ? {} : { Env: env }),
    };
    const made = await this.post<{ Id: string }>(
      `/containers/${segment(id)}/exec`,
      `run a command in container ${id}`,
      rest,
      { body },
    );
    const stream = await this.http.upgrade({
      method: "POST",
      path: `/exec/${made.Id}/start`,
      what: `run a command in container ${id}`,
      body: { Detach: false, Tty: tty },
      ...rest,
    });
    return {
      stream,
      exitCode: async () =>
        (
          await this.get<{ ExitCode: number | null }>(
            `/exec/${made.Id}/json`,
            "inspect a command",
            {},
          )
        ).ExitCode,
      resize: async (rows, columns) => {
        await this.post(
          `/exec/${made.Id}/resize`,
          "resize a terminal",
          {},
          { query: { h: rows, w: columns } },
        );
      },
    };
  }

  // Networks

  async listNetworks(
    filters: Record<string, string[]> = {},
    options: CallOptions = {},
  ): Promise<DockerNetwork[]> {
    return this.get("/networks", "list networks", options, { filters });
  }

  async inspectNetwork(id: string, options: CallOptions = {}): Promise<DockerNetwork> {
    return this.get(`/networks/${segment(id)}`, `inspect network ${id}`, options);
  }

  async createNetwork(
    body: NetworkCreateBody,
    options: CallOptions = {},
  ): Promise<{ Id: string; Warning?: string }> {
    // Without CheckDuplicate older daemons make a second network of the same name.
    return this.post("/networks/create", `create network ${body.Name}`, options, {
      body: { CheckDuplicate: true, ...body },
    });
  }

  async connectNetwork(
    network: string,
    container: string,
    endpoint: EndpointSettings = {},
    options: CallOptions = {},
  ): Promise<void> {
    await this.post(
      `/networks/${segment(network)}/connect`,
      `attach container ${container} to network ${network}`,
      options,
      {
        body: { Container: container, EndpointConfig: endpoint },
      },
    );
  }

  async disconnectNetwork(
    network: string,
    container: string,
    force = false,
    options: CallOptions = {},
  ): Promise<void> {
    await this.post(
      `/networks/${segment(network)}/disconnect`,
      `detach container ${container} from network ${network}`,
      options,
      {
        body: { Container: container, Force: force },
      },
    );
  }

  async removeNetwork(id: string, options: CallOptions = {}): Promise<void> {
    await this.delete(`/networks/${segment(id)}`, `remove network ${id}`, options);
  }

  // Swarm

  /** Makes a swarm of this daemon alone. */
  async initSwarm(address: string, options: CallOptions = {}): Promise<void> {
    await this.post("/swarm/init", "make a swarm", options, {
      body: { ...swarmAddresses(address), Spec: { Name: "default" } },
    });
  }

  async joinSwarm(
    address: string,
    managers: readonly string[],
    token: string,
    options: CallOptions = {},
  ): Promise<void> {
    await this.post("/swarm/join", "join the swarm", options, {
      body: { ...swarmAddresses(address), RemoteAddrs: managers, JoinToken: token },
    });
  }

  async leaveSwarm(options: CallOptions = {}): Promise<void> {
    await this.post("/swarm/leave", "leave the swarm", options, { query: { force: true } });
  }

  /** What lets others in. Secret. */
  async joinTokens(options: CallOptions = {}): Promise<{ Worker: string; Manager: string }> {
    const swarm = await this.get<{ JoinTokens: { Worker: string; Manager: string } }>(
      "/swarm",
      "describe its swarm",
      options,
    );
    return swarm.JoinTokens;
  }

  async listNodes(options: CallOptions = {}): Promise<SwarmNode[]> {
    return this.get("/nodes", "list the swarm's nodes", options);
  }

  async changeRole(
    node: SwarmNode,
    role: "manager" | "worker",
    options: CallOptions = {},
  ): Promise<void> {
    await this.post(
      `/nodes/${segment(node.ID)}/update`,
      `make node ${node.Status.Addr} a ${role}`,
      options,
      { query: { version: node.Version.Index }, body: { ...node.Spec, Role: role } },
    );
  }

  async removeNode(id: string, options: CallOptions = {}): Promise<void> {
    await this.delete(`/nodes/${segment(id)}`, `forget node ${id}`, options, { force: true });
  }

  // Volumes

  async listVolumes(
    filters: Record<string, string[]> = {},
    options: CallOptions = {},
  ): Promise<DockerVolume[]> {
    const answer = await this.get<{ Volumes: DockerVolume[] | null }>(
      "/volumes",
      "list volumes",
      options,
      { filters },
    );
    return answer.Volumes ?? [];
  }

  async inspectVolume(name: string, options: CallOptions = {}): Promise<DockerVolume> {
    return this.get(`/volumes/${segment(name)}`, `inspect volume ${name}`, options);
  }

  /** Answers the existing one when there is one of this name. */
  async createVolume(
    name: string,
    labels: Record<string, string>,
    options: CallOptions = {},
  ): Promise<DockerVolume> {
    return this.post("/volumes/create", `create volume ${name}`, options, {
      body: { Name: name, Labels: labels },
    });
  }

  // Images

  async listImages(
    filters: Record<string, string[]> = {},
    options: CallOptions = {},
  ): Promise<ImageSummary[]> {
    return this.get("/images/json", "list images", options, { filters });
  }

  async inspectImage(reference: string, options: CallOptions = {}): Promise<ImageInspect> {
    return this.get(`/images/${imagePath(reference)}/json`, `inspect image ${reference}`, options);
  }

  /** Pulls; `timeoutMs` is the longest silence, not the whole time. */
  async pullImage(
    reference: string,
    options: CallOptions & {
      onProgress?: (line: ProgressLine) => void;
      auth?: object;
      platform?: string;
    } = {},
  ): Promise<void> {
    const { onProgress, auth, platform, ...rest } = options;
    const [fromImage, tag] = splitReference(reference);
    const headers = auth
      ? { "X-Registry-Auth": Buffer.from(JSON.stringify(auth)).toString("base64url") }
      : undefined;
    await this.progressing(
      {
        method: "POST",
        path: "/images/create",
        what: `pull image ${reference}`,
        query: { fromImage, tag, platform },
        ...(headers ? { headers } : {}),
        timeoutMs: 120_000,
        ...rest,
      },
      onProgress,
    );
  }

  /** Loads an archive made by `docker save` (also gzipped). */
  async loadImage(
    tar: Buffer | Readable,
    options: CallOptions & { onProgress?: (line: ProgressLine) => void } = {},
  ): Promise<void> {
    const { onProgress, ...rest } = options;
    await this.progressing(
      {
        method: "POST",
        path: "/images/load",
        what: "load an image",
        query: { quiet: false },
        data: tar,
        timeoutMs: 300_000,
        ...rest,
      },
      onProgress,
    );
  }

  private async progressing(
    call: DockerCall,
    onProgress: ((line: ProgressLine) => void) | undefined,
  ) {
    let failed: string | undefined;
    const lines = new JsonLines((line) => {
      failed ??= line.errorDetail?.message ?? line.error;
      onProgress?.(line);
    });
    await this.http.stream(call, (chunk) => lines.push(chunk));
    lines.end();
    if (failed !== undefined)
      throw new CloudError("docker", `Docker refused to ${call.what}: ${redact(failed)}`, {
        host: this.transport.connection.name,
      });
  }

  private async get<T>(
    path: string,
    what: string,
    options: CallOptions,
    query?: DockerCall["query"],
  ): Promise<T> {
    return this.http.json({
      method: "GET",
      path,
      what,
      ...(query ? { query } : {}),
      ...options,
    });
  }

  private async post<T>(
    path: string,
    what: string,
    options: CallOptions,
    more: { body?: unknown; query?: NonNullable<DockerCall["query"]> } = {},
  ): Promise<T> {
    return this.http.json({
      method: "POST",
      path,
      what,
      ...more,
      ...options,
    });
  }

  private async delete(
    path: string,
    what: string,
    options: CallOptions,
    query?: DockerCall["query"],
  ): Promise<void> {
    await this.http.json({
      method: "DELETE",
      path,
      what,
      ...(query ? { query } : {}),
      ...options,
    });
  }

  /** "/v1.41": negotiated at the first call. */
  private versioned(): Promise<string> {
    this.prefix ??= this.negotiate().catch((error: unknown) => {
      this.prefix = undefined;
      throw error;
    });
    return this.prefix;
  }

  private async negotiate(): Promise<string> {
    // All callers share this one: it must not end with the operation that happened to come first.
    const { Version, ApiVersion, MinAPIVersion } = await this.version({
      signal: new AbortController().signal,
    });
    const newest = minor(ApiVersion);
    const oldest = minor(MinAPIVersion ?? "1.12");
    const host = this.transport.connection.name;
    if (newest < OLDEST)
      throw new CloudError(
        "unsupported",
        `Docker ${Version} is too old (API ${ApiVersion}, needed 1.${OLDEST})`,
        {
          host,
          hint: "Install Docker Engine 20.10 or later there.",
        },
      );
    if (oldest > NEWEST)
      throw new CloudError("unsupported", `Docker ${Version} no longer speaks API 1.${NEWEST}`, {
        host,
        hint: "Update pulumi-clocker.",
      });
    return `/v1.${Math.min(newest, NEWEST)}`;
  }
}

const clients = new WeakMap<Transport, DockerClient>();

/** The Docker daemon of a host: one client per transport, so sockets and the API version are shared. */
export function dockerFor(target: HostConnection | Transport): DockerClient {
  const transport = "exec" in target ? target : transportFor(target);
  let client = clients.get(transport);
  if (!client) {
    client = new DockerClient(transport);
    clients.set(transport, client);
  }
  return client;
}

function minor(version: string): number {
  return Number(version.split(".")[1] ?? 0);
}

/** Everything of the swarm goes by one address of the host. */
function swarmAddresses(address: string) {
  return {
    ListenAddr: `${address}:2377`,
    AdvertiseAddr: `${address}:2377`,
    DataPathAddr: address,
  };
}

/** One path segment of a URL. */
function segment(id: string): string {
  return encodeURIComponent(id);
}

/** Image references keep their slashes and colons. */
function imagePath(reference: string): string {
  return reference
    .split("/")
    .map(encodeURIComponent)
    .join("/")
    .replaceAll("%3A", ":")
    .replaceAll("%40", "@");
}

/** `registry:5000/a/b:tag` -> name and tag; a digest is a tag to the pull endpoint; no tag means latest. */
export function splitReference(reference: string): [string, string] {
  const at = reference.indexOf("@");
  if (at >= 0) return [reference.slice(0, at), reference.slice(at + 1)];
  const colon = reference.lastIndexOf(":");
  if (colon > reference.lastIndexOf("/"))
    return [reference.slice(0, colon), reference.slice(colon + 1)];
  return [reference, "latest"];
}
