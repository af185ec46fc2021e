/** Members of our inputs that programs write by another name: without the unit, or as Docker's users know them. */
const USER_NAMES: Readonly<Record<string, string>> = {
  containerPort: "container",
  diskBytes: "disk",
  hostPort: "host",
  intervalSeconds: "interval",
  memoryBytes: "memory",
  sizeBytes: "size",
  startPeriodSeconds: "startPeriod",
  stopTimeoutSeconds: "stopTimeout",
  timeoutSeconds: "timeout",
  waitSeconds: "wait",
};

/** `ports[0].hostPort` -> `ports[0].host`: the property as it stands in a program. */
export function userPath(path: string): string {
  const mount = /^(mounts\[\d+\])\.(name|source)$/.exec(path);
  if (mount) return `${mount[1]}.${mount[2] === "name" ? "volume" : "bind"}`;
  const parts = /^(labels|env|secretEnv|extraHosts|log\.options|functions)\b/.test(path)
    ? [path]
    : path.split(".");
  return parts.map((part) => USER_NAMES[part] ?? part).join(".");
}
