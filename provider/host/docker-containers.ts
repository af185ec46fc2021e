import { DockerCalls, segment, type CallOptions } from "./docker-calls.js";
import type {
  ContainerCreateBody,
  ContainerInspect,
  ContainerSummary,
  UpdateBody,
} from "./docker-types.js";

/** A daemon's containers: made, changed, observed and removed. */
export abstract class ContainerCalls extends DockerCalls {
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

  async unpauseContainer(id: string, options: CallOptions = {}): Promise<void> {
    await this.post(`/containers/${segment(id)}/unpause`, `unpause container ${id}`, options);
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
}
