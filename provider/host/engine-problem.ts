import type { CloudError } from "../errors.js";

/** What is said of a host without Docker. A DockerHost installs it, so such a host is not out of order. */
export const NOT_INSTALLED = "Docker is not installed";

/** Tells a host without Docker from one whose Docker does not answer, where anything may run. */
export function isNotInstalled({ code, host, message }: CloudError): boolean {
  const [line] = message.split("\n");
  return code === "docker" && line === `host ${host}: ${NOT_INSTALLED}`;
}

/** What is said of a host where nobody is at Docker's socket. */
export const notRunning = (socket: string) => `Docker does not answer at ${socket}`;

/** Tells a host whose Docker can be started from one that keeps us waiting, or does not let us in. */
export function isNotRunning({ code, host, message }: CloudError): boolean {
  return code === "docker" && message.startsWith(`host ${host}: ${notRunning("")}`);
}
