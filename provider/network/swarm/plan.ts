import { parseCidr } from "../../ipam/cidr.js";
import { DRIVER_FACTS } from "../../ipam/driver-facts.js";
import { tailWords } from "../../ipam/tail.js";
import { type DockerNetworkBody, labelsOf } from "../docker-network.js";
import type { DriverPlan, HostPart } from "../driver.js";
import { dockerNetworkName } from "../names.js";
import { optionProblems } from "../options.js";

/** Managers of a swarm that we make: one may be lost. A swarm of two hosts has one, since two managers cannot lose any. */
const MANAGERS = 3;

export const swarmPlan: DriverPlan = {
  name: "swarm",
  facts: DRIVER_FACTS.swarm,
  fixedOptions: [],
  // Docker can change neither, and would have to take the network from the containers of all hosts at once.
  fixedInputs: ["mtu", "outbound"],
  optionProblems: (options) => optionProblems("swarm", {}, options),
  settings: ({ hosts, host }) => ({
    leader: hosts[0] ?? host,
    role: hosts.indexOf(host) < (hosts.length < MANAGERS ? 1 : MANAGERS) ? "manager" : "worker",
  }),
  dockerBody: overlayBody,
};

/** One network for the whole swarm. Docker's own addresses come from the tail of the CIDR, so planned ones stay free. */
function overlayBody(part: HostPart): DockerNetworkBody {
  const cidr = parseCidr(part.cidr);
  const tail = cidr && tailWords(cidr);
  return {
    Name: dockerNetworkName(part.networkId, part.vni),
    Driver: "overlay",
    Scope: "swarm",
    Attachable: true,
    Internal: !part.outbound,
    IPAM: {
      Driver: "default",
      Config: [
        { Subnet: part.cidr, ...(tail ? { IPRange: tail.range, Gateway: tail.gateway } : {}) },
      ],
    },
    // Docker takes its headers off this.
    Options: { "com.docker.network.driver.mtu": String(part.mtu + DRIVER_FACTS.swarm.overhead) },
    Labels: labelsOf(part),
  };
}
