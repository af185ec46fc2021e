import type { CloudError } from "../errors.js";

/** What is said of a host without Docker. A DockerHost installs it, so such a host is not out of order. */
export const NOT_INSTALLED = "Docker is not installed";

/** Tells a host without Docker from one whose Docker does not answer, where anything may run. */
export function isNotInstalled({ code, host, message }: CloudError): boolean {
  const [line] = message.split("\n");
  return code === "docker" && line === `host ${host}: ${NOT_INSTALLED}`;
}
