import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { pbkdf2Sync } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encryptWithNonce, symmetricCrypter } from "../../../engine/secrets/crypter.js";
import { SecretsManager } from "../../../engine/secrets/manager.js";
import { findPassphrase } from "../../../engine/secrets/passphrase-source.js";

/** From pulumi/pulumi pkg/secrets/passphrase/manager_test.go; the passphrase is "password". Made by the Go code. */
const GO_SALT = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==";

describe("the passphrase provider", () => {
  it("opens and makes exactly what the Go code made", async () => {
    const [, salt = "", version = "", nonce = "", sealed = ""] = GO_SALT.split(":");
    const key = pbkdf2Sync("password", Buffer.from(salt, "base64"), 1_000_000, 32, "sha256");
    const check = `${version}:${nonce}:${sealed}`;
    expect(symmetricCrypter(key).decrypt(check)).toBe("pulumi");
    expect(encryptWithNonce(key, Buffer.from(nonce, "base64"), "pulumi")).toBe(check);

    const manager = SecretsManager.fromSalt(GO_SALT, { passphrase: "password" });
    const crypter = await manager.unlock();
    expect(crypter.decrypt(check)).toBe("pulumi");
    expect(manager.state()).toEqual({ type: "passphrase", state: { salt: GO_SALT } });
  });

  it("says that a passphrase is wrong, and takes the right one afterwards", async () => {
    const env: Record<string, string> = { PULUMI_CONFIG_PASSPHRASE: "password123" };
    const manager = SecretsManager.fromSalt(GO_SALT, { env });
    await expect(manager.unlock()).rejects.toThrow(
      "the passphrase is wrong for this stack\nSet PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one the stack was made with.",
    );
    env.PULUMI_CONFIG_PASSPHRASE = "password";
    await expect(manager.unlock()).resolves.toBeDefined();
  });

  it("makes a salt that opens in another manager", async () => {
    const made = await SecretsManager.create({ passphrase: "" });
    const ciphertext = (await made.unlock()).encrypt("käse ☃");
    expect(ciphertext).toMatch(/^v1:[A-Za-z0-9+/]{16}:[A-Za-z0-9+/]+=*$/);
    const again = SecretsManager.fromSalt(made.salt, { env: { PULUMI_CONFIG_PASSPHRASE: "" } });
    expect((await again.unlock()).decrypt(ciphertext)).toBe("käse ☃");
    expect(made.salt.split(":")).toHaveLength(5);
  });

  it("derives a key once for a salt and passphrase, without blocking", async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const start = performance.now();
    const salt = (await SecretsManager.create({ passphrase: "once" })).salt;
    const first = performance.now() - start;
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
    await SecretsManager.fromSalt(salt, { passphrase: "once" }).unlock();
    expect(performance.now() - start - first).toBeLessThan(first / 2);
  });

  it("asks once for what was right, and again for what was wrong", async () => {
    let asked = 0;
    const source = { env: {}, ask: async () => (asked++ === 0 ? "wrong" : "password") };
    await expect(SecretsManager.fromSalt(GO_SALT, source).unlock()).rejects.toThrow("is wrong");
    await SecretsManager.fromSalt(GO_SALT, source).unlock();
    await SecretsManager.fromSalt(GO_SALT, source).unlock();
    expect(asked).toBe(2);
  });

  it("refuses a changed ciphertext and one of another key", async () => {
    const one = await (await SecretsManager.create({ passphrase: "a" })).unlock();
    const two = await (await SecretsManager.create({ passphrase: "a" })).unlock();
    const text = one.encrypt("x");
    expect(() => two.decrypt(text)).toThrow(
      "a ciphertext does not open with this stack's passphrase",
    );
    expect(() => one.decrypt(text.replace("v1:", "v2:"))).toThrow(
      "a ciphertext is not of the form v1:<nonce>:<ciphertext>",
    );
    expect(() => one.decrypt("v1:AAAA:AAAA")).toThrow("a ciphertext is too short");
  });

  it("refuses other providers in one sentence that names the way out", () => {
    expect(() => SecretsManager.fromState({ type: "service", state: {} })).toThrow(
      /^the stack's secrets are kept by the secrets provider "service", which only the pulumi CLI can use: run this operation with pulumi\.$/,
    );
    expect(SecretsManager.fromState(undefined)).toBeUndefined();
    expect(() => SecretsManager.fromSalt("v2:x:y")).toThrow(
      "the stack's encryption salt is not of the form v1:<salt>:<check>",
    );
  });
});

describe("the passphrase", () => {
  it("comes from the variable, then from the file, then by asking", async () => {
    const folder = await mkdtemp(join(tmpdir(), "engine-passphrase-"));
    try {
      const file = join(folder, "pass");
      await writeFile(file, "  from file \n");
      const env = { PULUMI_CONFIG_PASSPHRASE_FILE: file };
      expect(await findPassphrase({ env: { ...env, PULUMI_CONFIG_PASSPHRASE: "" } })).toBe("");
      expect(await findPassphrase({ env })).toBe("from file");
      expect(await findPassphrase({ env: {}, ask: async () => "asked" })).toBe("asked");
      await expect(findPassphrase({ env: {} })).rejects.toThrow(
        "this stack's secrets need a passphrase\nSet PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
      );
      await expect(
        findPassphrase({ env: { PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, "none") } }),
      ).rejects.toThrow(/^the passphrase file .*none cannot be read/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
