import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LocalTransport } from "../../../provider/host/local.js";

const transport = new LocalTransport({
  kind: "local",
  name: "here",
  sudo: false,
  dockerSocket: "/nowhere/docker.sock",
  parallelStarts: 0,
  whenUnreachable: "fail",
});
const folder = mkdtempSync(join(tmpdir(), "clocker-test-"));
const lock = `test-${process.pid}`;

afterAll(async () => {
  await transport.close();
  rmSync(folder, { recursive: true });
  rmSync(`/run/lock/clocker-${lock}.lock`, { force: true });
});

describe("local transport", () => {
  it("answers exit code and both streams", async () => {
    const result = await transport.exec(["sh", "-c", "echo out; echo err >&2; exit 3"]);
    expect(result).toEqual({ code: 3, stdout: "out\n", stderr: "err\n", truncated: false });
  });

  it("passes standard input, and does not mind a command that ignores it", async () => {
    expect((await transport.exec(["cat"], { stdin: "a'b\n" })).stdout).toBe("a'b\n");
    expect((await transport.exec(["true"], { stdin: Buffer.alloc(4_000_000) })).code).toBe(0);
  });

  it("cuts endless output at 1 MiB and says so", async () => {
    const result = await transport.exec(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]);
    expect(result.stdout.length).toBe(1024 * 1024);
    expect(result.truncated).toBe(true);
  });

  it("gives up at the deadline and kills what it started", async () => {
    const mark = join(folder, "late");
    const started = Date.now();
    await expect(
      transport.exec(["sh", "-c", `sleep 1; touch ${mark}`], { timeoutMs: 200 }),
    ).rejects.toThrow(
      'host here: the command "sh" did not end within 200 ms; it may still run there',
    );
    expect(Date.now() - started).toBeLessThan(900);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(() => readFileSync(mark)).toThrow("ENOENT");
  });

  it("ends with the caller's abort signal", async () => {
    const controller = new AbortController();
    const run = transport.exec(["sleep", "5"], { signal: controller.signal });
    controller.abort();
    await expect(run).rejects.toMatchObject({ code: "deadline" });
  });

  it("runs a script with arguments, and with data on its standard input", async () => {
    expect((await transport.script('printf "%s," "$@"', ["a b", "c'd"])).stdout).toBe("a b,c'd,");
    expect((await transport.script("cat; echo $1", ["x"], { stdin: "data " })).stdout).toBe(
      "data x\n",
    );
  });

  it("holds a lock that only one has at a time", async () => {
    const file = join(folder, "counter");
    writeFileSync(file, "0");
    const other = new LocalTransport(transport.connection);
    const bump = (way: LocalTransport) =>
      way.withLock(lock, async () => {
        const value = Number(readFileSync(file, "utf8"));
        await new Promise((resolve) => setTimeout(resolve, 10));
        writeFileSync(file, String(value + 1));
      });
    await Promise.all(Array.from({ length: 10 }, (_, i) => bump(i % 2 ? transport : other)));
    expect(readFileSync(file, "utf8")).toBe("10");
    await other.close();
  });

  it("says who holds a lock that did not become free", async () => {
    const other = new LocalTransport(transport.connection);
    await transport.withLock(lock, async () => {
      await expect(other.withLock(lock, async () => 1, { waitMs: 1000 })).rejects.toThrow(
        new RegExp(
          `^host here: the lock "${lock}" was not free within 1 s\n  - held by .* process ${process.pid} since 20`,
        ),
      );
    });
    await other.close();
  });

  it("passes the body's result and error through and frees the lock", async () => {
    expect(await transport.withLock(lock, async () => 42)).toBe(42);
    await expect(
      transport.withLock(lock, () => Promise.reject(new Error("body failed"))),
    ).rejects.toThrow("body failed");
    expect(await transport.withLock(lock, async () => 43)).toBe(43);
  });

  it("says that Docker does not answer where there is no socket", async () => {
    await expect(transport.openSocket("/nowhere/docker.sock")).rejects.toMatchObject({
      code: "docker",
      host: "here",
    });
  });
});
