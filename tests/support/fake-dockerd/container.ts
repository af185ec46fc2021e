import type { ContainerCreateBody, EndpointSettings } from "../../../provider/host/docker-types.js";

export interface FakeContainer {
  id: string;
  name: string;
  created: number;
  body: ContainerCreateBody;
  imageId: string;
  /** "dead": Docker could remove only a part of it. */
  state: "created" | "running" | "exited" | "dead";
  /** Why Docker cannot remove it, until it is taken away. */
  removalProblem?: string;
  exitCode: number;
  startedAt: string;
  networks: Map<string, EndpointSettings>;
  files: { path: string; tar: Buffer }[];
  pid: number;
  isPaused?: boolean;
}

/** Host ports it asks for, e.g. "8080/tcp". */
export function portsOf(container: FakeContainer): string[] {
  return Object.entries(container.body.HostConfig?.PortBindings ?? {}).flatMap(([port, bindings]) =>
    bindings.filter((b) => b.HostPort).map((b) => `${b.HostPort}/${port.split("/")[1] ?? "tcp"}`),
  );
}

export function mountsOf(container: FakeContainer) {
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
