import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ContainerCreateBody, NetworkCreateBody } from "../../provider/host/docker-types.js";
import type { FakeContainer } from "./fake-dockerd/container.js";
import { FakeContainers } from "./fake-dockerd/containers.js";
import { FakeExecs } from "./fake-dockerd/execs.js";
import { FakeImages, withTag, type FakeImage } from "./fake-dockerd/images.js";
import type { FakeNetwork } from "./fake-dockerd/networks.js";
import { Refusal, type Answer, type Call } from "./fake-dockerd/protocol.js";
import { FakeVolumes } from "./fake-dockerd/volumes.js";

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
  /** "POST /containers/create" and so on, without the version, in order. */
  readonly requests: string[] = [];
  /** Called before each request is served; may throw to answer 500, or wait. */
  before: ((request: string) => void | Promise<void>) | undefined;
  /** What of `/info` and of requests a swarm answers, when the daemon is one's (fake-swarm.ts). */
  swarm:
    | {
        info(): object;
        /** "unknown": not of the swarm. */
        answer(call: Call): Answer;
      }
    | undefined;
  private readonly server: Server;
  private readonly fakeImages = new FakeImages();
  private readonly fakeVolumes = new FakeVolumes();
  private readonly execs = new FakeExecs();
  private readonly all = new FakeContainers(this.fakeImages, this.fakeVolumes, this.execs);

  constructor(readonly hostName: string) {
    this.id = createHash("sha256").update(hostName).digest("hex").slice(0, 12).toUpperCase();
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.on("upgrade", (request, socket) => this.execs.start(request, socket));
  }

  get containers(): Map<string, FakeContainer> {
    return this.all.present;
  }

  get networks(): Map<string, FakeNetwork> {
    return this.all.networks.present;
  }

  get volumes() {
    return this.fakeVolumes.present;
  }

  /** Images present, by reference with a tag. */
  get images(): Map<string, FakeImage> {
    return this.fakeImages.present;
  }

  /** What can be pulled. */
  get registry(): Map<string, FakeImage> {
    return this.fakeImages.registry;
  }

  /** Answers commands run in containers. */
  set onContainerExec(run: FakeExecs["run"]) {
    this.execs.run = run;
  }

  accept(socket: Duplex): void {
    this.server.emit("connection", socket);
  }

  addImage(reference: string, image: Partial<FakeImage> = {}): FakeImage {
    return this.fakeImages.add(reference, image);
  }

  /** A container made by hand, e.g. a foreign one. */
  addContainer(name: string, body: ContainerCreateBody, running = true): FakeContainer {
    if (!this.images.has(withTag(body.Image))) this.addImage(body.Image);
    const container = this.all.create(name, body);
    if (running) this.all.start(container);
    return container;
  }

  /** A network that is there already. */
  addNetwork(body: NetworkCreateBody): FakeNetwork {
    return this.all.networks.add(body);
  }

  byName(name: string): FakeContainer | undefined {
    return this.all.byName(name);
  }

  /** Containers whose label has this value. */
  labelled(label: string, value: string): FakeContainer[] {
    return this.all.labelled(label, value);
  }

  /** Ends a running container, as its process does. */
  end(container: FakeContainer, code: number): void {
    this.all.end(container, code);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const data = await readAll(request);
    const url = new URL(request.url ?? "/", "http://docker");
    const pathname = url.pathname.replace(/^\/v1\.\d+/, "");
    const method = request.method ?? "GET";
    const line = `${method} ${pathname}`;
    this.requests.push(line);
    try {
      await this.before?.(line);
      const path = pathname.split("/").filter(Boolean).map(decodeURIComponent);
      const answer = this.route({ method, path, query: url.searchParams, data });
      if (typeof answer === "function")
        return void (answer as (to: ServerResponse) => void)(response);
      const created = method === "POST" && /\/(create|exec)$/.test(pathname);
      const status = answer === undefined ? 204 : created ? 201 : 200;
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(typeof answer === "object" ? JSON.stringify(answer) : answer);
    } catch (error) {
      const status = error instanceof Refusal ? error.status : 500;
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(
        status === 304 ? undefined : JSON.stringify({ message: (error as Error).message }),
      );
    }
  }

  private route(call: Call): Answer {
    const ofSwarm = this.swarm ? this.swarm.answer(call) : "unknown";
    if (ofSwarm !== "unknown") return ofSwarm;
    const [kind, id = "", verb] = call.path;
    switch (kind) {
      case "_ping":
        return "OK";
      case "version":
        return this.describeVersion();
      case "info":
        return this.info();
      case "containers":
        return this.all.answer(call);
      case "networks":
        return this.all.networks.answer(call);
      case "volumes":
        return this.fakeVolumes.answer(call);
      case "images":
        return this.fakeImages.answer(call);
      case "exec":
        if (verb === "json") return { ExitCode: this.execs.codeOf(id), Running: false };
        if (verb === "resize") return {};
        break;
      case undefined:
    }
    throw new Refusal(404, "page not found");
  }

  private describeVersion(): object {
    return {
      Version: this.version,
      ApiVersion: this.apiVersion,
      MinAPIVersion: "1.12",
      Os: "linux",
      Arch: "amd64",
      KernelVersion: "6.1.0",
    };
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
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
