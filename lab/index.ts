export { labConnection, type LabHost, type LabInventory } from "./inventory.js";
export {
  labDown,
  labExecArgv,
  labKill,
  labRestart,
  labStatus,
  labUp,
  reapLabs,
  type LabStatus,
  type UpOptions,
} from "./lab.js";
export { labNames, LAB_ROOT } from "./names.js";
export { listLabs, readInventory } from "./record.js";
export { labObstacles, missingPackages } from "./requirements.js";
export { LabError, run, type RunResult } from "./run.js";
