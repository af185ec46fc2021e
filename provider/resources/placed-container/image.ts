import { CloudError, isNotFound, messageOf } from "../../errors.js";
import type { DockerClient } from "../../host/docker.js";
import type { ImageInspect, ProgressLine } from "../../host/docker-types.js";
import type { ContainerSpec } from "./inputs.js";

export interface FoundImage {
  imageId: string;
  /** `sha256:...` of the registry, or "". */
  imageDigest: string;
  /** Who its process runs as when nothing else is said: `999`, `redis:redis`, "" for root. */
  user?: string;
}

export interface PullOptions {
  onProgress?: (line: string) => void;
  /** Waits between tries; tests pass their own. */
  pause?: (ms: number) => Promise<void>;
}

/** Longest time between two tries, and how many there are: about a minute in all. */
const TRIES = 6;
const LONGEST_PAUSE = 20_000;

/** Has the image on the host, by its pull policy. */
export async function ensureImage(
  docker: DockerClient,
  { image, pull }: Pick<ContainerSpec, "image" | "pull">,
  options: PullOptions = {},
): Promise<FoundImage> {
  if (pull !== "always") {
    const found = await findImage(docker, image);
    if (found) return found;
    if (pull === "never") throw notLoaded(docker, image);
  }
  await pullOnce(docker, image, options);
  const found = await findImage(docker, image);
  if (found) return found;
  throw new CloudError("docker", `image ${image} was pulled, but is not there`, {
    host: docker.transport.connection.name,
    hint: "Something removes images there; run again.",
  });
}

async function findImage(docker: DockerClient, image: string): Promise<FoundImage | undefined> {
  try {
    const details = await docker.inspectImage(image);
    return {
      imageId: details.Id,
      imageDigest: digestOf(details, image),
      user: details.Config?.User ?? "",
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The digest under which the image's own repository has it; with several repositories, the one that was named. */
export function digestOf(
  { RepoDigests }: Pick<ImageInspect, "RepoDigests">,
  image: string,
): string {
  const digests = RepoDigests ?? [];
  const repository = image.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
  const own = digests.find((digest) => digest.startsWith(`${repository}@`)) ?? digests[0];
  return own?.replace(/^.*@/, "") ?? "";
}

function notLoaded(docker: DockerClient, image: string): CloudError {
  const { connection } = docker.transport;
  const target =
    connection.kind === "local"
      ? "docker load"
      : `ssh -p ${connection.port} ${connection.user}@${connection.address} docker load`;
  return new CloudError("docker", `image ${image} is not there, and its pull policy is "never"`, {
    host: connection.name,
    hint: `Load it: docker save ${image} | ${target}`,
  });
}

const pulls = new WeakMap<DockerClient, Map<string, Promise<void>>>();

/** Replicas of one image on one host wait for the same pull. */
async function pullOnce(docker: DockerClient, image: string, options: PullOptions): Promise<void> {
  const running = pulls.get(docker) ?? new Map<string, Promise<void>>();
  pulls.set(docker, running);
  let pull = running.get(image);
  if (!pull) {
    pull = pullWithPatience(docker, image, options).finally(() => running.delete(image));
    running.set(image, pull);
  }
  return pull;
}

async function pullWithPatience(
  docker: DockerClient,
  image: string,
  { onProgress, pause = sleep }: PullOptions,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const percent = new PullProgress(image, onProgress);
    onProgress?.(`pulling ${image}`);
    try {
      return await docker.pullImage(image, { onProgress: (line) => percent.take(line) });
    } catch (error) {
      const failure = pullFailure(error, image, docker.transport.connection.name);
      if (!failure.passing || attempt >= TRIES) throw failure.error;
      const wait = Math.min(LONGEST_PAUSE, 1000 * 2 ** (attempt - 1));
      onProgress?.(`pulling ${image}: ${failure.why}, next try in ${wait / 1000} s`);
      await pause(wait);
    }
  }
}

/** What a failed pull means. `passing`: worth another try. */
export function pullFailure(
  error: unknown,
  image: string,
  host: string,
): { error: unknown; passing: boolean; why: string } {
  if (!(error instanceof CloudError) || (error.code !== "docker" && error.code !== "conflict")) {
    return { error, passing: false, why: "" };
  }
  const text = messageOf(error);
  const say = (what: string, hint: string) =>
    new CloudError("docker", `cannot pull ${image}: ${what}`, { host, hint, cause: error });
  if (/toomanyrequests|too many requests|\b429\b|rate limit/i.test(text)) {
    const hint = "Wait, log in to the registry on that host, or load the image there.";
    return {
      error: say("its registry allows no more pulls now (429)", hint),
      passing: true,
      why: "the registry is busy",
    };
  }
  if (
    /no matching manifest|does not match the (specified|detected) (host )?platform|image operating system/i.test(
      text,
    )
  ) {
    const hint =
      "Use an image for this host's architecture, or constrain the container to other hosts.";
    return {
      error: say("there is no such image for this host's architecture", hint),
      passing: false,
      why: "",
    };
  }
  if (
    /repository does not exist or may require|unauthorized|authentication required|access.*denied|\b401\b|\b403\b/i.test(
      text,
    )
  ) {
    const hint = `Check the name, or log in to the registry on ${host} (docker login).`;
    return {
      error: say("its registry refuses it, or has no such repository", hint),
      passing: false,
      why: "",
    };
  }
  if (/manifest unknown|not found|\b404\b/i.test(text)) {
    return {
      error: say("its registry has no such image", "Check the name and the tag."),
      passing: false,
      why: "",
    };
  }
  if (
    /\b50[0234]\b|received unexpected HTTP status|unexpected EOF|connection re(set|fused)|TLS handshake|i\/o timeout|Client\.Timeout|no route to host|temporary failure|server misbehaving/i.test(
      text,
    )
  ) {
    const hint = `Check that ${host} reaches the registry and run again.`;
    const what = `its registry cannot be reached from there: ${lastLine(text)}`;
    return { error: say(what, hint), passing: true, why: "the registry does not answer" };
  }
  return { error, passing: false, why: "" };
}

function lastLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/^.*?: Docker refused to pull image [^ ]+: /, "");
}

/** "pulling redis:7 45%", at most twice a second. */
class PullProgress {
  private readonly layers = new Map<string, { current: number; total: number }>();
  private last = 0;

  constructor(
    private readonly image: string,
    private readonly show: ((line: string) => void) | undefined,
  ) {}

  take({ id, status, progressDetail }: ProgressLine): void {
    if (!this.show || id === undefined) return;
    const total = progressDetail?.total ?? 0;
    if (status === "Downloading" && total > 0) {
      this.layers.set(id, { current: progressDetail?.current ?? 0, total });
    } else if (status === "Download complete" || status === "Pull complete") {
      const layer = this.layers.get(id);
      if (layer) layer.current = layer.total;
    }
    const layers = [...this.layers.values()];
    const all = layers.reduce((sum, layer) => sum + layer.total, 0);
    const now = Date.now();
    if (all === 0 || now - this.last < 500) return;
    this.last = now;
    const got = layers.reduce((sum, layer) => sum + layer.current, 0);
    this.show(`pulling ${this.image} ${Math.floor((100 * got) / all)}%`);
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
