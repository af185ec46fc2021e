export { labConnection, type LabHost, type LabInventory } from "./inventory.js";
export { labDown, reapLabs } from "./down.js";
export { labExecArgv, labKill, labRestart, labStatus, type LabStatus } from "./lab.js";
export { labNames, LAB_ROOT } from "./names.js";
export { killHostsNow } from "./processes.js";
export { listLabs, readInventory } from "./record.js";
export { labObstacles, missingPackages } from "./requirements.js";
export { LabError, run, type RunResult } from "./run.js";
export { labUp, type UpOptions } from "./up.js";
