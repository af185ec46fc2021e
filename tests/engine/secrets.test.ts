import { readdirSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type EngineEvent, Stack } from "../../engine/index.js";
import { PROGRAMS } from "./support/program-stack.js";

const CANARY = "canary-5f1d";
const folder = mkdtempSync(join(tmpdir(), "secrets-"));
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const SCRIPT = `
  const config = new pulumi.Config();
  const password = pulumi.secret("${CANARY}");
  const plain = new Thing("plain", { password: "open" });
  const one = new Thing("one", { password, nested: { deep: [password, 1] } }, { additionalSecretOutputs: ["derived"] });
  const two = new Thing("two", { token: config.requireSecret("token"), copy: one.made }, { dependsOn: [plain] });
  console.log("the token is " + process.env.PULUMI_CONFIG);
  return { password, joined: pulumi.interpolate\`x-\${password}\`, open: one.made, token: two.token };
`;

test("no secret is ever written or shown in the clear", async () => {
  const events: EngineEvent[] = [];
  const stack = await Stack.create({
    stackName: "dev",
    workDir: join(PROGRAMS, "script"),
    backendUrl: `file://${folder}`,
    passphrase: "p",
    config: { token: { value: `${CANARY}-config`, secret: true }, shown: { value: "yes" } },
    env: { SCRIPT, CALL_LOG: join(folder, "calls"), PULUMI_HOME: join(folder, "home") },
  });
  try {
    for (const operation of ["preview", "up", "refresh", "up"] as const) {
      const result = await stack[operation]({ onEvent: (event) => void events.push(event) });
      expect(result.errors, operation).toEqual([]);
    }
    const outputs = await stack.outputs();
    expect(outputs["password"]).toEqual({ value: CANARY, secret: true });
    expect(outputs["joined"]).toEqual({ value: `x-${CANARY}`, secret: true });
    expect(outputs["open"]).toEqual({ value: "made-one", secret: false });
    expect(JSON.stringify(events).indexOf(CANARY)).toBe(-1);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && entry.name !== "calls",
    );
    expect(files.some(({ name }) => name === "dev.json")).toBe(true);
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name), "utf8").indexOf(CANARY), name).toBe(-1);
    const state = (await stack.exportStack()).snapshot.resources.find(({ urn }) =>
      urn.endsWith("::one"),
    );
    expect(JSON.stringify(state?.outputs?.["derived"])).toContain(`derived from ${CANARY}`);
  } finally {
    rmSync(join(PROGRAMS, "script/Pulumi.dev.yaml"), { force: true });
  }
});
