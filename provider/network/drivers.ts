import type { NetworkDriver } from "./driver.js";
import { vxlanDriver } from "./vxlan/driver.js";

/** Every driver by its name in `VirtualNetwork({ driver })`. */
export const DRIVERS = { vxlan: vxlanDriver } as const satisfies Record<string, NetworkDriver>;

export type DriverName = keyof typeof DRIVERS;
