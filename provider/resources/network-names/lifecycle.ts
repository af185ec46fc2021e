import { recordLifecycle } from "../network-record/lifecycle.js";
import { check } from "./check.js";
import { namesRecord } from "./record.js";

/** The verbs of NetworkNames. */
export const networkNamesLifecycle = recordLifecycle(namesRecord, check);
