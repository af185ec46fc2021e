import type { DriverName } from "../ipam/driver-facts.js";
import type { NetworkDriver } from "./driver.js";
import { cniDriver } from "./cni/driver.js";
import { macvlanDriver } from "./macvlan/driver.js";
import { ovsDriver } from "./ovs/driver.js";
import { pluginDriver } from "./plugin/driver.js";
import { routedDriver } from "./routed/driver.js";
import { swarmDriver } from "./swarm/driver.js";
import { vxlanDriver } from "./vxlan/driver.js";
import { weaveDriver } from "./weave/driver.js";
import { wireguardDriver } from "./wireguard/driver.js";

/** Every driver by its name in `VirtualNetwork({ driver })`. */
export const DRIVERS: Readonly<Record<DriverName, NetworkDriver>> = {
  vxlan: vxlanDriver,
  routed: routedDriver,
  wireguard: wireguardDriver,
  macvlan: macvlanDriver,
  swarm: swarmDriver,
  plugin: pluginDriver,
  cni: cniDriver,
  ovs: ovsDriver,
  weave: weaveDriver,
};

export type { DriverName };
