import type { HostState } from "../host-state.js";
import type { Ask, Constraint } from "./constraint.js";
import { byComplaint, type Complaint } from "./simple.js";

/** Where the first container of each group lies. */
export type GroupHomes = ReadonlyMap<number, HostState>;

/** Siblings on one host, other groups of the application elsewhere; `exclusive`: nothing else on that host. */
export function groupConstraint(homes: GroupHomes, exclusive: boolean): Constraint {
  const complaint = (ask: Ask, host: HostState): Complaint | undefined => {
    const home = homes.get(ask.groupId);
    if (home) {
      if (home === host) return undefined;
      const what = `not ${home.name}, where its group is`;
      return { one: `is ${what}`, many: `are ${what}` };
    }
    if (host.replicasOf(ask.applicationId) > host.replicasOf(ask.groupId)) {
      const what = `another group of application ${ask.request.application}`;
      return { one: `runs ${what}`, many: `run ${what}` };
    }
    return exclusive && host.counted > 0
      ? {
          one: "is not empty, and the group wants a host for itself",
          many: "are not empty, and the group wants a host for itself",
        }
      : undefined;
  };
  return {
    name: "group",
    declared: false,
    acrossHosts: true,
    applies: () => true,
    accepts: (ask, host) => complaint(ask, host) === undefined,
    explain: (ask, hosts) => byComplaint(hosts, (host) => complaint(ask, host) ?? NONE),
    explainOne: (ask, host) => (complaint(ask, host) ?? NONE).one,
  };
}

const NONE: Complaint = { one: "accepts it", many: "accept it" };

/** What groups that are there already want of a newcomer. */
export const groupNeighboursConstraint: Constraint = {
  name: "groupNeighbours",
  declared: false,
  applies: () => true,
  accepts: (ask, host) => kept(ask, host) === undefined,
  explain: (ask, hosts) => byComplaint(hosts, (host) => kept(ask, host) ?? NONE),
  explainOne: (ask, host) => (kept(ask, host) ?? NONE).one,
};

function kept(ask: Ask, host: HostState): Complaint | undefined {
  const group = host.groups?.get(ask.applicationId);
  if (group !== undefined && group !== ask.groupId) {
    const what = `for one group of application ${ask.request.application} alone`;
    return { one: `is ${what}`, many: `are ${what}` };
  }
  return host.exclusive !== undefined && host.exclusive !== ask.groupId
    ? { one: "belongs to an exclusive group", many: "belong to exclusive groups" }
    : undefined;
}
