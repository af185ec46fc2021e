import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unpackFromDebian } from "../support/debian-archive.js";

const system = readFileSync("/etc/os-release", "utf8");
const codename = /^VERSION_CODENAME=(.*)/m.exec(system)?.[1];
const isDebian = /^ID=debian$/m.test(system) && codename !== undefined;

/** The mirror is this test's: what the machine's apt would be told by one that is of no use. */
describe.skipIf(!isDebian)("packages of another release, from this machine's mirror", () => {
  let folder: string;
  let mirror: Server;
  let asked: string[];

  async function serve(answer: RequestListener): Promise<void> {
    mirror = createServer((request, response) => {
      asked.push(request.url ?? "");
      answer(request, response);
    });
    await new Promise<void>((resolve) => mirror.listen(0, "127.0.0.1", resolve));
    const { port } = mirror.address() as AddressInfo;
    const sources = join(folder, "sources.list");
    writeFileSync(sources, `deb http://127.0.0.1:${port}/debian ${codename} main\n`);
    writeFileSync(
      join(folder, "machine.conf"),
      `Dir::Etc::sourcelist "${sources}";\nDir::Etc::sourceparts "/dev/null";\nAcquire::http::Proxy "DIRECT";\n`,
    );
    process.env["APT_CONFIG"] = join(folder, "machine.conf");
  }
  const unpack = (limitMs: number) =>
    unpackFromDebian("forky", ["docker.io=28.*"], folder, AbortSignal.timeout(limitMs));

  beforeEach(() => {
    asked = [];
    folder = mkdtempSync(join(tmpdir(), "clocker-archive-"));
  });
  afterEach(async () => {
    delete process.env["APT_CONFIG"];
    mirror.closeAllConnections();
    await new Promise((resolve) => mirror.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });

  it("a mirror without the release is a reason in one line", async () => {
    await serve((_request, response) => response.writeHead(404).end());
    await expect(unpack(30_000)).rejects.toThrow(
      /^apt-get: The repository 'http:\/\/127\.0\.0\.1:\d+\/debian forky Release' does not have a Release file\.$/,
    );
    expect(asked).toContain("/debian/dists/forky/InRelease");
  });

  it("one that signs with other keys than Debian's is refused", async () => {
    const release = "Origin: Debian\nSuite: forky\nCodename: forky\nComponents: main\n";
    await serve((request, response) =>
      request.url?.endsWith("/Release") ? response.end(release) : response.writeHead(404).end(),
    );
    await expect(unpack(30_000)).rejects.toThrow(/is not signed\.$/);
    expect(asked.filter((path) => /Packages|\.deb/.test(path))).toEqual([]);
  });

  it("one that does not answer holds nobody up", async () => {
    await serve(() => undefined);
    const start = Date.now();
    await expect(unpack(2_000)).rejects.toThrow(/^the mirror takes too long$/);
    expect(Date.now() - start).toBeLessThan(10_000);
    expect(asked.length).toBeGreaterThan(0);
  });
});
