import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { UpdateRecord } from "../../engine/backend/backend.js";
import { EngineError } from "../../engine/errors.js";
import {
  stackHistory,
  stackInit,
  stackList,
  stackRemove,
  stackSelect,
} from "../../engine/stacks/manage.js";
import { stackOutputs, type StackOutput } from "../../engine/stacks/outputs.js";
import { textOf as configTextOf } from "../../engine/config/value.js";
import type { Crypter } from "../../engine/secrets/crypter.js";
import { copyConfig } from "../../engine/stacks/copy-config.js";
import { exportStack, importStack } from "../../engine/stacks/transfer.js";
import { openStack, resolveStackName } from "../../engine/stacks/workspace.js";
import type { StackFlags } from "../commands/stack.js";
import { folderOf } from "../commands/options.js";
import { ago, printJson, table } from "../commands/table.js";

import type { FileStackStore } from "../../engine/backend/file-store.js";
import type { Workspace } from "../../engine/stacks/workspace.js";
import { parseUrn } from "../display/urn.js";
import { duration } from "../display/words.js";
import { confirm, readInput } from "./prompt.js";
import { stackOf, workspaceOf } from "./workspace.js";

/** `clocker stack init`. */
export async function initStack(name: string, flags: StackFlags): Promise<void> {
  const workspace = await workspaceOf(flags);
  const copied =
    flags.copyConfigFrom === undefined
      ? undefined
      : await openStack(workspace, flags.copyConfigFrom);
  const handle = await stackInit(workspace, name, { select: flags.select !== false });
  if (copied !== undefined) await copyConfig(copied, handle);
  console.log(`Created stack ${name}`);
}

const isJson = (flags: StackFlags): boolean => flags.json === true || flags.output === "json";

/** `clocker stack ls`. */
export async function listStacks(flags: StackFlags): Promise<void> {
  const workspace = await workspaceOf(flags);
  const all = await stackList(workspace, {
    all: flags.all === true || flags.project !== undefined,
  });
  const stacks = all.filter(({ project }) => project === (flags.project ?? project));
  const shown = (name: string, project: string): string =>
    project === workspace.project.name ? name : `organization/${project}/${name}`;
  if (isJson(flags)) {
    printJson(
      stacks.map(({ name, project, current, lastUpdate, resourceCount }) => ({
        name: shown(name, project),
        current,
        ...(lastUpdate === undefined ? {} : { lastUpdate }),
        ...(resourceCount === undefined ? {} : { resourceCount }),
      })),
    );
    return;
  }
  const now = new Date();
  const rows = stacks.map(({ name, project, current, lastUpdate, resourceCount }) => [
    `${shown(name, project)}${current ? "*" : ""}`,
    lastUpdate === undefined ? "n/a" : ago(new Date(lastUpdate), now),
    resourceCount === undefined ? "n/a" : String(resourceCount),
  ]);
  console.log(table(["NAME", "LAST UPDATE", "RESOURCE COUNT"], rows));
  if (stacks.length === 0) console.log("\nNo stacks yet: `clocker stack init <name>` makes one.");
}

/** `clocker stack select`. */
export async function select(
  name: string,
  flags: StackFlags & { create?: boolean },
): Promise<void> {
  const workspace = await workspaceOf(flags);
  try {
    await stackSelect(workspace, name);
  } catch (error) {
    const isMissing = error instanceof EngineError && error.code === "not-found";
    if (flags.create !== true || !isMissing) throw error;
    await stackInit(workspace, name);
    console.log(`Created stack ${name}`);
  }
}

/** `clocker stack rm`. Resolves with the exit code. */
export async function remove(name: string | undefined, flags: StackFlags): Promise<number> {
  const workspace = await workspaceOf(flags);
  const stack = await resolveStackName(workspace, name);
  if (flags.yes !== true) {
    const answer = await confirm(
      `This removes stack ${stack} with its history and configuration for good. Go on?`,
      undefined,
    );
    if (answer !== "yes") {
      console.log(`confirmation ${answer === "no" ? "declined" : "cancelled"}`);
      return 1;
    }
  }
  await stackRemove(workspace, stack, {
    force: flags.force === true,
    preserveConfig: flags.preserveConfig === true,
    removeBackups: flags.removeBackups === true,
  });
  console.log(`Stack ${stack} has been removed.`);
  return 0;
}

/** `clocker stack export`. */
export async function exportState(flags: StackFlags): Promise<void> {
  const { store } = await stackOf(flags);
  const state = await exportStack(store, { showSecrets: flags.showSecrets === true });
  const text = `${JSON.stringify(state, null, 4)}\n`;
  if (flags.file === undefined) process.stdout.write(text);
  // It may hold secrets in the clear.
  else await writeFile(resolve(folderOf(flags), flags.file), text, { mode: 0o600 });
}

/** `clocker stack import`. */
export async function importState(flags: StackFlags): Promise<void> {
  const { store, workspace, name } = await stackOf(flags);
  const from = flags.file === undefined ? "the standard input" : flags.file;
  const text =
    flags.file === undefined
      ? await readInput()
      : await readFile(resolve(folderOf(flags), flags.file), "utf8");
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("invalid-input", `${from} is not JSON`, {
      hint: "Give what `clocker stack export` wrote.",
      cause,
    });
  }
  const { dropped, foreign, problems } = await importStack(store, state, {
    force: flags.force === true,
    secrets: workspace.secrets,
  });
  const warnings = [
    ...foreign.map((urn) => `${urn} is of another stack`),
    ...problems.map((problem) => `the state is not sound: ${problem}`),
    ...dropped.map(
      ({ type, resource }) =>
        `removing pending operation '${type}' on '${resource.urn}' from the state`,
    ),
  ];
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.log(`Stack ${name} has the imported state.`);
}

/** `clocker stack output`. */
export async function showOutputs(name: string | undefined, flags: StackFlags): Promise<void> {
  const { store, name: stack } = await stackOf(flags);
  const outputs = await stackOutputs(store, { showSecrets: flags.showSecrets === true });
  if (name !== undefined) {
    const output = outputs[name];
    if (output === undefined) {
      throw new EngineError("not-found", `stack ${stack} has no output named ${name}`, {
        hint: "`clocker stack output` lists those it has.",
      });
    }
    if (flags.json === true) printJson(output.value);
    else if (flags.shell === true) console.log(`${name}=${shellQuote(textOf(output.value))}`);
    else console.log(textOf(output.value));
    return;
  }
  const entries = Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1));
  if (flags.json === true) {
    printJson(Object.fromEntries(entries.map(([key, output]) => [key, output.value])));
  } else if (flags.shell === true) {
    for (const [key, output] of entries) {
      console.log(`${key.replace(/[^A-Za-z0-9_]/g, "_")}=${shellQuote(textOf(output.value))}`);
    }
  } else {
    printOutputs(entries);
  }
}

function printOutputs(entries: [string, StackOutput][]): void {
  if (entries.length === 0) {
    console.log("No output values currently in this stack");
    return;
  }
  console.log(`Current stack outputs (${entries.length}):`);
  const rows = entries.map(([key, output]) => [`    ${key}`, textOf(output.value)]);
  console.log(table(["    OUTPUT", "VALUE"], rows));
}

/** Text as it is, everything else as JSON. */
const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");

const shellQuote = (text: string): string =>
  /^[A-Za-z0-9_./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** `clocker stack`. */
export async function showStack(flags: StackFlags): Promise<void> {
  const workspace = await workspaceOf(flags);
  if (flags.showName === true) {
    console.log(await resolveStackName(workspace, flags.stack));
    return;
  }
  const { store, name } = await stackOf(flags);
  if (isJson(flags)) {
    printJson(await describeStack(store, workspace, flags.showSecrets === true));
    return;
  }
  const sealed = await store.loadSealed();
  const resources = (sealed?.deployment["resources"] ?? []) as {
    urn: string;
    id?: string;
    parent?: string;
    delete?: boolean;
  }[];
  const manifest = sealed?.deployment["manifest"] as { time?: string } | undefined;
  console.log(`Current stack is ${name} of project ${workspace.project.name}:`);
  console.log(`    Backend: ${workspace.backend.url}`);
  if (manifest?.time !== undefined && resources.length > 0) {
    console.log(`    Last update: ${ago(new Date(manifest.time), new Date())}`);
  }
  console.log(`Current stack resources (${resources.length}):`);
  if (resources.length === 0) console.log("    No resources currently in this stack");
  else {
    const { resourceTree } = await import("./resource-tree.js");
    console.log(
      resourceTree(resources, { ids: flags.showIds === true, urns: flags.showUrns === true }),
    );
  }
  console.log("");
  const outputs = await stackOutputs(store, { showSecrets: flags.showSecrets === true });
  printOutputs(Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1)));
  console.log("\nUse `clocker stack select` to change stack; `clocker stack ls` lists known ones");
}

/** The CLI's shape of `stack --output json`. */
async function describeStack(
  store: FileStackStore,
  workspace: Workspace,
  showSecrets: boolean,
): Promise<Record<string, unknown>> {
  const sealed = await store.loadSealed();
  const { manifest, resources = [] } = (sealed?.deployment ?? {}) as {
    manifest?: { time?: string; version?: string };
    resources?: { urn: string; type: string; id?: string; parent?: string }[];
  };
  const outputs = await stackOutputs(store, { showSecrets });
  return {
    project: workspace.project.name,
    stack: store.stack,
    backend: workspace.backend.url,
    ...(manifest === undefined
      ? {}
      : { manifest: { time: manifest.time, pulumiVersion: manifest.version } }),
    resources: resources.map(({ urn, type, id, parent }) => ({
      urn,
      type,
      name: parseUrn(urn).name,
      ...(id === undefined ? {} : { id }),
      ...(parent === undefined ? {} : { parent }),
    })),
    outputs: Object.fromEntries(Object.entries(outputs).map(([key, { value }]) => [key, value])),
  };
}

/** `clocker stack history`. */
export async function showHistory(flags: StackFlags): Promise<void> {
  const handle = await stackOf(flags);
  const found = await stackHistory(handle);
  // File backends do not number operations; the newest comes first.
  const all = found.map((record, at) => ({
    ...record,
    version: record.version || found.length - at,
  }));
  const size = flags.pageSize ?? 10;
  const start = flags.page === undefined ? 0 : (flags.page - 1) * size;
  const isPaged = flags.page !== undefined || flags.pageSize !== undefined;
  const records = isPaged ? all.slice(start, start + size) : all;
  if (isJson(flags)) {
    const crypter = flags.showSecrets === true ? await handle.config.secrets?.unlock() : undefined;
    printJson(records.map((record) => historyJson(record, crypter)));
    return;
  }
  if (records.length === 0) console.log("Stack has never been updated");
  for (const record of records) console.log(`${historyText(record, flags.fullDates === true)}\n`);
}

function historyText(record: UpdateRecord, isFull: boolean): string {
  const changes = Object.entries(record.resourceChanges ?? {})
    .filter(([, amount]) => amount > 0)
    .map(([op, amount]) => `${amount} ${op === "same" ? "unchanged" : op}`);
  const started = new Date(record.startTime * 1000);
  return [
    `Version: ${record.version}`,
    `UpdateKind: ${record.kind}`,
    `Status: ${record.result}`,
    `Message: ${record.message}`,
    ...(changes.length === 0 ? [] : [`Changes: ${changes.join(", ")}`]),
    `Updated ${isFull ? started.toISOString() : ago(started, new Date())}, took ${duration(record.endTime - record.startTime)}`,
  ].join("\n");
}

/** The CLI's shape of `stack history --json`. */
function historyJson(record: UpdateRecord, crypter: Crypter | undefined): Record<string, unknown> {
  const config = Object.fromEntries(
    Object.entries(record.config ?? {}).map(
      ([key, { value = "", secure, object }]): [string, object] => {
        const secret = secure === true;
        if (secret && crypter === undefined) return [key, { secret }];
        if (object !== true)
          return [key, { value: secret ? (crypter?.decrypt(value) ?? "") : value, secret }];
        const opened = configTextOf(JSON.parse(value) as unknown, crypter).value;
        return [key, { value: opened, objectValue: JSON.parse(opened) as unknown, secret }];
      },
    ),
  );
  return {
    version: record.version,
    kind: record.kind,
    startTime: new Date(record.startTime * 1000).toISOString(),
    message: record.message,
    environment: record.environment,
    config,
    result: record.result,
    endTime: new Date(record.endTime * 1000).toISOString(),
    resourceChanges: record.resourceChanges,
  };
}
