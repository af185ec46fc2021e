import { CloudError } from "../errors.js";
import { DockerHttp, type DockerCall } from "./docker-http.js";
import type { DockerInfo, DockerVersion } from "./docker-types.js";
import type { Transport } from "./transport.js";

/** Oldest API we speak (Docker 20.10) and the newest one we know. */
const OLDEST = 41;
const NEWEST = 48;

export interface CallOptions {
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** Requests to a daemon at the version of the API that it and we speak, and what the daemon says of itself. */
export abstract class DockerCalls {
  protected readonly http: DockerHttp;
  private prefix: Promise<string> | undefined;

  constructor(readonly transport: Transport) {
    this.http = new DockerHttp(transport, transport.connection.dockerSocket, () =>
      this.versioned(),
    );
  }

  close(): void {
    this.http.close();
  }

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

  protected async get<T>(
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

  protected async post<T>(
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

  protected async delete(
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

function minor(version: string): number {
  return Number(version.split(".")[1] ?? 0);
}

/** One path segment of a URL. */
export function segment(id: string): string {
  return encodeURIComponent(id);
}
