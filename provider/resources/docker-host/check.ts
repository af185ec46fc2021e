import { connectionFailures, wholeNumber } from "../../host/connection-check.js";
import type { CheckFailure, CheckResult } from "../../lifecycle.js";
import { isUnknown } from "../../unknown.js";
import type { DockerHostInputs } from "./inputs.js";

const PROPERTIES = ["meta", "access", "labels", "capacity", "headroom", "prepare"];

/** What a host gets when the program says nothing. */
export const DEFAULTS = {
  labels: {},
  capacity: {},
  headroom: { cpus: 0, memoryBytes: 0 },
  prepare: {
    installDocker: true,
    minimumVersion: "20.10",
    allowRestart: false,
    log: { maxSizeBytes: 10 * 1024 * 1024, maxFiles: 3 },
  },
};

/**
 * Everything that can be wrong with a host's inputs, without touching anything. Sentences name properties as the program
 * writes them; as the engine prints the whole value of a property that a failure names, none is named.
 */
export async function check(
  _olds: Partial<DockerHostInputs>,
  news: DockerHostInputs,
): Promise<CheckResult<DockerHostInputs>> {
  const inputs = { ...DEFAULTS, ...news };
  const failures = sentencesOf(inputs).map((reason) => ({ property: "", reason }));
  return failures.length > 0 ? { inputs, failures } : { inputs };
}

function sentencesOf(inputs: Record<string, unknown>): string[] {
  const found: string[] = [];
  const fail = (sentence: string) => found.push(sentence);
  for (const key of Object.keys(inputs))
    if (!PROPERTIES.includes(key) && !key.startsWith("__"))
      fail(`${show(key)} is not a property of a DockerHost`);
  found.push(...connectionFailures(inputs["access"], "access").map(asArgument));
  const member = (
    path: string,
    value: unknown,
    problem: (value: unknown) => string | undefined,
  ) => {
    if (isUnknown(value)) return;
    const reason = problem(value);
    if (reason) fail(`${path} ${reason}`);
  };

  const { labels, capacity, headroom, prepare } = inputs;
  if (!isUnknown(labels)) {
    if (!isObject(labels)) fail("labels must be an object of texts");
    else
      for (const [key, value] of Object.entries(labels)) {
        if (!LABEL_KEY.test(key))
          fail(
            `labels: a name must be letters, digits, '_', '.', '/' or '-', at most 63 (${show(key)})`,
          );
        member(`labels.${show(key)}`, value, labelProblem);
      }
  }
  for (const [property, value] of Object.entries({ capacity, headroom })) {
    if (isUnknown(value)) continue;
    if (!isObject(value)) {
      fail(`${property} must be an object`);
      continue;
    }
    const { cpus, memoryBytes, ...others } = value;
    const least = property === "capacity" ? 0.01 : 0;
    if (cpus !== undefined) member(`${property}.cpus`, cpus, number(least, 100_000));
    if (memoryBytes !== undefined)
      member(`${property}.memory`, memoryBytes, bytes(least === 0 ? 0 : 1, 2 ** 53 - 1));
    for (const key of Object.keys(others))
      fail(`${property}.${show(key)} is not a property of ${property}`);
  }
  found.push(...prepareSentences(prepare));
  return found;
}

/** What a connection calls otherwise than a DockerHost's arguments. */
function asArgument({ reason }: CheckFailure): string {
  return reason
    .replace(/^access must/, "the connection must")
    .replace(/^access\.kind\b/, "connection")
    .replace(/^access\./, "")
    .replace(/^(jump\.)?hostKeys\b/, "$1hostKey")
    .replace(
      /^(?!jump\.)(.*) is not a property of a connection$/,
      "$1 is not a property of a DockerHost",
    );
}

/** `prepare` holds arguments that stand by themselves in a program. */
function prepareSentences(prepare: unknown): string[] {
  const found: string[] = [];
  const fail = (sentence: string) => found.push(sentence);
  if (isUnknown(prepare)) return found;
  if (!isObject(prepare)) return ["what is to be prepared must be an object"];
  const { installDocker, minimumVersion, allowRestart, log, ...others } = prepare;
  for (const [key, value] of Object.entries({ installDocker, allowRestart }))
    if (!isUnknown(value) && typeof value !== "boolean") fail(`${key} must be true or false`);
  if (
    !isUnknown(minimumVersion) &&
    !/^\d{1,4}(\.\d{1,4}){0,2}$/.test(typeof minimumVersion === "string" ? minimumVersion : "")
  )
    fail('minimumVersion must be a version like "20.10"');
  if (!isUnknown(log)) {
    if (!isObject(log)) fail("log must be an object");
    else {
      const { maxSizeBytes, maxFiles, ...more } = log;
      const size = isUnknown(maxSizeBytes) ? undefined : bytes(1024, 2 ** 40)(maxSizeBytes);
      if (size) fail(`log.maxSize ${size}`);
      const files = isUnknown(maxFiles) ? undefined : wholeNumber(1, 1000)(maxFiles);
      if (files) fail(`log.maxFiles ${files}`);
      for (const key of Object.keys(more)) fail(`log.${show(key)} is not a property of log`);
    }
  }
  for (const key of Object.keys(others)) fail(`${show(key)} is not a property of a DockerHost`);
  return found;
}

const LABEL_KEY = /^[a-zA-Z0-9][a-zA-Z0-9_./-]{0,62}$/;

/**
 * A label is compared and shown, never part of a command: lists (`ssd,raid`) and versions (`1.2+a`) are as good as
 * names. What a terminal would obey or hide is not.
 */
const LABEL_VALUE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]{0,255}$/u;

function labelProblem(value: unknown): string | undefined {
  return typeof value === "string" && LABEL_VALUE.test(value)
    ? undefined
    : "must be printable text of at most 255 characters";
}

function bytes(least: number, most: number): (value: unknown) => string | undefined {
  const problem = wholeNumber(least, most);
  return (value) => problem(value) && `must be a whole number of bytes from ${least} to ${most}`;
}

function number(least: number, most: number): (value: unknown) => string | undefined {
  return (value) =>
    typeof value === "number" && value >= least && value <= most
      ? undefined
      : `must be a number from ${least} to ${most}`;
}

/** A key as it may stand in a message: short, and without control characters. */
function show(key: string): string {
  return key.replace(/[^\x20-\x7e]/g, "?").slice(0, 60);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
