import files from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { Stack, type StackArgs } from "../../../engine/index.js";
import type { SpecEntry } from "./case-format.js";
import { SpecProgram } from "./spec-program.js";

/** What the process is told, as JSON in its only argument. */
export interface DyingUp {
  args: StackArgs;
  spec: SpecEntry[];
  /** The moment at which it kills itself: before or after a change of the file system, or in the midst of a write. 0: never. */
  dieAt: number;
}

// One `up` in a process of its own. Writes how many moments it has lived through, should it live.

const { args, spec, dieAt } = JSON.parse(process.argv[2] ?? "{}") as DyingUp;
let moments = 0;

/** True when the time has come. */
const isLast = (): boolean => ++moments === dieAt;

const die = (): boolean => process.kill(process.pid, "SIGKILL");

function passMoment(): void {
  if (isLast()) die();
}

type Change = (...given: unknown[]) => Promise<unknown>;
const changes = files as unknown as Record<string, Change>;
for (const name of ["copyFile", "link", "mkdir", "open", "rename", "rm", "writeFile"]) {
  const change = changes[name]!;
  changes[name] = async (...given) => {
    passMoment();
    const result = await change(...given);
    passMoment();
    return name === "open" ? halting(result as FileHandle) : result;
  };
}

/** A file of whose last write only the first half arrives. */
function halting(file: FileHandle): FileHandle {
  const writev = file.writev.bind(file);
  const halfway = async (pieces: readonly NodeJS.ArrayBufferView[]): Promise<unknown> => {
    if (!isLast()) return writev(pieces);
    const bytes = Buffer.concat(pieces as readonly Buffer[]);
    await file.write(bytes.subarray(0, bytes.length / 2));
    return die();
  };
  return Object.assign(file, { writev: halfway });
}

void Stack.createOrSelect({
  ...args,
  program: async () => (await new SpecProgram().run(spec)) ?? {},
})
  .then((stack) => stack.up())
  .then(({ errors }) => {
    process.stdout.write(JSON.stringify({ moments, errors }), () => process.exit(0));
  });
