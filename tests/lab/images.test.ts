import { resolve } from "node:path";
import { beforeAll, expect, it } from "vitest";
import {
  buildGuestbookImage,
  buildRedisImage,
  GUESTBOOK_IMAGE,
  loadImages,
  REDIS_IMAGE,
  type ImageTar,
} from "../../lab/images/index.js";
import { describeLab, IMAGE_CACHE, withLab } from "../support/lab.js";

const APP = resolve(__dirname, "../../examples/guestbook/app");

interface Page {
  servedBy: { container: string; host: string; address: string };
  containers: { container: string; served: number }[];
  entries: { id: number; name: string; text: string; via: string }[];
}

describeLab("the quickstart's images", () => {
  const lab = withLab("images", { hosts: 1, image: false });
  let images: ImageTar[];
  const url = (port: number, path: string): string =>
    `http://${lab.host("h1").address}:${port}${path}`;
  const read = async (port: number): Promise<Page> =>
    (await (await fetch(url(port, "/api/entries"))).json()) as Page;
  const post = (port: number, body: string): Promise<Response> =>
    fetch(url(port, "/api/entries"), { method: "POST", body });

  beforeAll(async () => {
    images = await Promise.all([
      buildRedisImage(IMAGE_CACHE),
      buildGuestbookImage(APP, IMAGE_CACHE),
    ]);
  });

  it("are loaded once, under the id that their content gives", async () => {
    const loaded: string[] = [];
    const load = (): Promise<void> =>
      loadImages(images, lab.hosts, (host, tag) => loaded.push(`${host} ${tag}`));
    await load();
    expect(loaded).toEqual([`h1 ${REDIS_IMAGE}`, `h1 ${GUESTBOOK_IMAGE}`]);
    for (const { tag, id } of images)
      expect(await lab.sh("h1", "docker", "image", "inspect", "-f", "{{.Id}}", tag)).toBe(id);
    await load();
    expect(loaded).toHaveLength(2);
  });

  it("run without root, capabilities and a writable root", async () => {
    const hardened = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
    const start = (name: string, ...rest: string[]): Promise<string> =>
      lab.sh(
        "h1",
        "docker",
        "run",
        "-d",
        "--name",
        name,
        "-h",
        name,
        "--network",
        "app",
        ...hardened,
        ...rest,
      );
    await lab.sh("h1", "docker", "network", "create", "app");
    await start("redis", "-v", "redis:/data", REDIS_IMAGE);
    for (const index of [0, 1])
      await start(
        `web-${index}`,
        "-p",
        `808${index}:8080`,
        "-e",
        "CLOCKER_HOST=h1",
        GUESTBOOK_IMAGE,
      );
    await expect
      .poll(async () => (await fetch(url(8081, "/healthz")).catch(() => undefined))?.status, {
        timeout: 10_000,
      })
      .toBe(200);
    expect(
      await lab.sh("h1", "docker", "exec", "web-0", "sh", "-c", "grep Uid /proc/1/status"),
    ).toBe("Uid:\t1000\t1000\t1000\t1000");
  });

  it("serve a page, and through one container what was written through another", async () => {
    const page = await fetch(url(8080, "/"));
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toContain("<title>Guestbook</title>");

    const written = await post(8080, JSON.stringify({ name: " Ada ", text: "<b>first</b>" }));
    expect(written.status).toBe(201);
    const seen = await read(8081);
    expect(seen.servedBy).toMatchObject({ container: "web-1", host: "h1" });
    expect(seen.entries).toEqual([
      expect.objectContaining({ id: 1, name: "Ada", text: "<b>first</b>", via: "web-0" }),
    ]);
    expect(seen.containers.map((one) => one.container)).toEqual(["web-0", "web-1"]);
  });

  it.each([
    ['{"text":"  "}', "an entry needs a text"],
    ["no json", 'send JSON: {"name": "...", "text": "..."}'],
    ["null", "an entry needs a text"],
    [JSON.stringify({ text: "x".repeat(281) }), "an entry has at most 280 characters"],
    [JSON.stringify({ text: "x".repeat(9000) }), "an entry has at most 280 characters"],
    [JSON.stringify({ name: "x".repeat(41), text: "x" }), "a name has at most 40 characters"],
  ])("refuse %.30s", async (body, error) => {
    const refused = await post(8080, body);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error });
  });

  it("say so while redis is away, and go on when it is back, with its data", async () => {
    await lab.sh("h1", "docker", "stop", "redis");
    for (const path of ["/api/entries", "/healthz"]) {
      const away = await fetch(url(8080, path));
      expect(away.status).toBe(503);
      expect(((await away.json()) as { error: string }).error).toMatch(
        /^redis at redis:6379 cannot be reached: /,
      );
    }
    expect((await fetch(url(8080, "/"))).status).toBe(200);
    await lab.sh("h1", "docker", "start", "redis");
    await expect
      .poll(async () => (await fetch(url(8080, "/healthz"))).status, { timeout: 10_000 })
      .toBe(200);
    expect((await read(8080)).entries.map((entry) => entry.name)).toEqual(["Ada"]);
  });

  it("stop at once when they are told to", async () => {
    const start = Date.now();
    await lab.sh("h1", "docker", "stop", "web-0", "web-1", "redis");
    expect(Date.now() - start).toBeLessThan(5_000);
  });
});
