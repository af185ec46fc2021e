import * as pulumi from "@pulumi/pulumi";
import { Stack } from "../engine/index.js";

// A process of its own: node inline.js <folder> <count>. Writes one line of JSON: seconds by operation.

const [folder = "", count = "0"] = process.argv.slice(2);

class Nothing extends pulumi.dynamic.Resource {}

async function program(): Promise<void> {
  const provider: pulumi.dynamic.ResourceProvider = {
    create: (inputs: Record<string, unknown>) => Promise.resolve({ id: "made", outs: inputs }),
    diff: () => Promise.resolve({ changes: false }),
  };
  for (let index = 0; index < Number(count); index++)
    new Nothing(provider, `r${index}`, { index, name: `resource ${index}` });
  await Promise.resolve();
}

async function main(): Promise<void> {
  const stack = await Stack.createOrSelect({
    stackName: "bench",
    projectName: "bench-dynamic",
    workDir: process.cwd(),
    backendUrl: `file://${folder}`,
    passphrase: "bench",
    program,
  });
  const seconds: Record<string, number> = {};
  for (const [what, run] of [
    ["create", () => stack.up()],
    ["no-change up", () => stack.up()],
    ["no-change preview", () => stack.preview()],
    ["destroy", () => stack.destroy()],
  ] as const) {
    const start = performance.now();
    const { result, errors } = await run();
    if (result !== "succeeded") throw new Error(`${what} failed: ${errors.join("\n")}`);
    seconds[what] = (performance.now() - start) / 1000;
  }
  process.stdout.write(`${JSON.stringify(seconds)}\n`, () => process.exit(0));
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
