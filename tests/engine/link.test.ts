import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OperationResult, Stack } from "../../engine/index.js";
import type { Snapshot } from "../../engine/state/model.js";
import { startEngine } from "./support/engine-process.js";
import { PROGRAMS } from "./support/program-stack.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "both-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(PROGRAMS, "both/Pulumi.link.yaml"), { force: true });
  rmSync(join(PROGRAMS, "both/Pulumi.grpc.yaml"), { force: true });
});

/** An `up` of the program, over the link or without it, on a state of its own. */
async function up(
  way: "link" | "grpc",
  WRONG: string,
): Promise<{ result: OperationResult; snapshot: Snapshot }> {
  const args = {
    stackName: way,
    workDir: join(PROGRAMS, "both"),
    backendUrl: `file://${folder}`,
    passphrase: "p",
    env: {
      WRONG,
      CALL_LOG: join(folder, "calls"),
      PULUMI_HOME: folder,
      ...(way === "grpc" ? { CLOCKER_PLAIN_SDK: "true" } : {}),
    },
  };
  const child = startEngine("up", args);
  const [stdout] = await Promise.all([text(child.stdout!), once(child, "exit")]);
  const result = JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as OperationResult;
  const { snapshot } = await (await Stack.select(args)).exportStack();
  return { result, snapshot };
}

/** What two runs of one program have in common: not times, not the provider's random id, not the name of the stack. */
function comparable({
  result,
  snapshot,
}: {
  result: OperationResult;
  snapshot: Snapshot;
}): unknown {
  const provider = snapshot.resources.find(({ type }) => type === "pulumi:providers:pulumi-nodejs");
  const { durationSeconds: _, summary, outputs, ...rest } = result;
  const { connections: __, ...shown } = outputs;
  const { resourceChanges: changes } = summary;
  const resources = snapshot.resources
    .map(({ created: _c, modified: _m, ...resource }) => resource)
    .sort((a, b) => (a.urn < b.urn ? -1 : 1));
  const { connections: ___, ...stackOutputs } =
    resources.find(({ type }) => type === "pulumi:pulumi:Stack")?.outputs ?? {};
  const all = resources.map((resource) =>
    resource.type === "pulumi:pulumi:Stack" ? { ...resource, outputs: stackOutputs } : resource,
  );
  const json = JSON.stringify({ rest, changes, shown, all, pending: snapshot.pendingOperations });
  return JSON.parse(
    json
      .replaceAll(provider?.id ?? "no provider", "ID")
      .replaceAll(/\\u001b\[\d+m/g, "") // the SDK shows some errors in colour
      .replaceAll(/both-(link|grpc)/g, "both-STACK")
      .replaceAll(/urn:pulumi:(link|grpc)::/g, "urn:pulumi:STACK::"),
  );
}

/** One after the other on the same state: what went wrong leaves its traces in it, and the next run heals them. */
test.each([
  ["that throws", "throw"],
  ["with a refused resource", "refuse"],
  ["with a resource made in part", "unwell"],
  ["", ""],
])("a program %s comes to the same over the pipe and over gRPC", async (_, wrong) => {
  const [link, grpc] = await Promise.all([up("link", wrong), up("grpc", wrong)]);
  expect(comparable(link)).toEqual(comparable(grpc));
  expect(link.result.result).toBe(wrong === "" ? "succeeded" : "failed");
  if (wrong !== "") return;
  expect(link.snapshot.resources.length).toBeGreaterThan(35);
  expect(link.result.outputs["automated"]).toMatchObject({ value: "function" });
  expect(link.result.outputs["connections"]).toMatchObject({ value: 0 });
  expect(Number(grpc.result.outputs["connections"]?.value)).toBeGreaterThan(0);
});
