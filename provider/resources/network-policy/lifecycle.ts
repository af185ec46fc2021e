import { recordLifecycle } from "../network-record/lifecycle.js";
import { check } from "./check.js";
import { policyRecord } from "./record.js";

/** The verbs of NetworkPolicy. */
export const networkPolicyLifecycle = recordLifecycle(policyRecord, check);
