import { hash32 } from "../placement/hash.js";

/** Largest VXLAN network identifier; 0 is not used. */
export const MAX_VNI = 0xffffff;

/** An identifier that follows from seed and name; the next free one when it is taken. */
export function chooseVni(seed: string, name: string, taken: ReadonlySet<number>): number {
  let vni = (hash32(`${seed}/${name}`) % MAX_VNI) + 1;
  for (let tries = 0; tries < MAX_VNI && taken.has(vni); tries++) vni = (vni % MAX_VNI) + 1;
  return vni;
}
