export * from "./cidr.js";
export { isDnsLabel } from "./names.js";
export { MAX_VNI } from "./vni.js";
