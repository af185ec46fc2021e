import { recordLifecycle } from "../network-record/lifecycle.js";
import { check } from "./check.js";
import { ingressRecord } from "./record.js";

/** The verbs of NetworkIngress. */
export const networkIngressLifecycle = recordLifecycle(ingressRecord, check);
