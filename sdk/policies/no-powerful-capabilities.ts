import { containerPolicy } from "./container.js";

export interface NoPowerfulCapabilitiesConfig {
  /** Capabilities that are allowed all the same, e.g. NET_ADMIN for a VPN. */
  allow: string[];
}

/** Each of these is, or soon leads to, root on the host or the traffic of its neighbours. */
const POWERFUL = new Set(
  (
    "BPF DAC_READ_SEARCH LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN PERFMON SYS_ADMIN SYS_BOOT SYS_MODULE " +
    "SYS_PTRACE SYS_RAWIO SYS_TIME SYSLOG"
  ).split(" "),
);

/** No container is given a capability that amounts to having its host. */
export const noPowerfulCapabilities = containerPolicy<NoPowerfulCapabilitiesConfig>(
  {
    name: "clocker-no-powerful-capabilities",
    description: "Containers are not given capabilities that amount to root on their host.",
    enforcementLevel: "mandatory",
    configSchema: {
      properties: { allow: { type: "array", items: { type: "string" }, default: [] } },
    },
  },
  ({ capabilities }, { allow = [] }) => {
    const allowed = new Set(allow.map(plain));
    const added = Array.isArray(capabilities?.add) ? capabilities.add.map(plain) : [];
    const powerful = added.filter((name) => POWERFUL.has(name) && !allowed.has(name));
    return powerful.length === 0
      ? []
      : [`is given ${powerful.join(", ")}, which amounts to root on its host`];
  },
);

function plain(name: string): string {
  return name.toUpperCase().replace(/^CAP_/, "");
}
