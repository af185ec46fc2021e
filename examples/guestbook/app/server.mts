// The guestbook: a page, its entries in redis, and the containers that serve it. Node's own modules only.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { hostname, networkInterfaces } from "node:os";
import { Redis } from "./redis.mjs";

const port = Number(process.env.PORT ?? 8080);
const redis = new Redis(process.env.REDIS_HOST ?? "redis", Number(process.env.REDIS_PORT ?? 6379));
const page = readFileSync(new URL("./page.html", import.meta.url));

const ENTRIES = "guestbook:entries";
const SERVED = "guestbook:served";
const SEEN = "guestbook:seen";
const MAX_BODY = 8192;
/** A container that has not reported for this long is not shown any more. */
const GONE_AFTER_MS = 10_000;

/** Who answers: this container, the host it runs on (if it was told) and its own address. */
const self = {
  container: process.env.CONTAINER ?? hostname(),
  host: process.env.CLOCKER_HOST ?? "",
  address:
    Object.values(networkInterfaces())
      .flat()
      .find((one) => one && !one.internal && one.family === "IPv4")?.address ?? "",
};

class BadRequest extends Error {}

async function state(): Promise<unknown> {
  const [entries, served, seen] = await Promise.all([
    redis.send("LRANGE", ENTRIES, "0", "49"),
    redis.send("HGETALL", SERVED),
    redis.send("HGETALL", SEEN),
  ]);
  const counts = pairs(served);
  const now = Date.now();
  const containers = [...pairs(seen).values()]
    .map((text) => JSON.parse(text) as typeof self & { at: number })
    .filter((one) => now - one.at < GONE_AFTER_MS)
    .map(({ container, host, address }) => ({
      container,
      host,
      address,
      served: Number(counts.get(container) ?? 0),
    }))
    .sort((a, b) => a.container.localeCompare(b.container, "en", { numeric: true }));
  return {
    servedBy: self,
    containers,
    entries: (entries as string[]).map((text) => JSON.parse(text) as unknown),
  };
}

function pairs(reply: unknown): Map<string, string> {
  const flat = reply as string[];
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) map.set(flat[i] ?? "", flat[i + 1] ?? "");
  return map;
}

async function add(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new BadRequest("an entry has at most 280 characters");
    chunks.push(chunk);
  }
  let body: { name?: unknown; text?: unknown };
  try {
    body = (JSON.parse(Buffer.concat(chunks).toString("utf8")) ?? {}) as typeof body;
  } catch {
    throw new BadRequest('send JSON: {"name": "...", "text": "..."}');
  }
  const name = typeof body.name === "string" ? body.name.trim() : "";
  const text = typeof body.text === "string" ? body.text.trim() : "";
  if (text === "") throw new BadRequest("an entry needs a text");
  if ([...text].length > 280) throw new BadRequest("an entry has at most 280 characters");
  if ([...name].length > 40) throw new BadRequest("a name has at most 40 characters");
  const entry = {
    id: Number(await redis.send("INCR", "guestbook:last")),
    name: name === "" ? "Anonymous" : name,
    text,
    at: new Date().toISOString(),
    via: self.container,
  };
  await redis.send("LPUSH", ENTRIES, JSON.stringify(entry));
  await redis.send("LTRIM", ENTRIES, "0", "499");
  return entry;
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(value)}\n`);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://guestbook").pathname;
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (method === "GET" && path === "/") {
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:",
      "x-content-type-options": "nosniff",
      "cache-control": "no-cache",
    });
    response.end(page);
  } else if (method === "GET" && path === "/healthz") {
    await redis.send("PING");
    answer(response, 200, { ok: true, servedBy: self });
  } else if (path === "/api/entries" && method === "GET") {
    await redis.send("HINCRBY", SERVED, self.container, "1");
    answer(response, 200, await state());
  } else if (path === "/api/entries" && method === "POST") {
    answer(response, 201, { entry: await add(request), servedBy: self });
  } else if (path === "/api/entries") {
    response.setHeader("allow", "GET, POST");
    answer(response, 405, { error: "use GET or POST" });
  } else answer(response, 404, { error: `there is nothing at ${path}` });
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    // Anything but a bad request means that redis is away: the page says so and asks again.
    answer(response, error instanceof BadRequest ? 400 : 503, { error: message, servedBy: self });
  });
});

/** Tells the other containers, by way of redis, that this one is there. */
async function report(): Promise<void> {
  try {
    await redis.send("HSET", SEEN, self.container, JSON.stringify({ ...self, at: Date.now() }));
  } catch {
    // redis is away: the next report may get through
  }
}
const reporting = setInterval(() => void report(), 2000);

server.listen(port, "0.0.0.0", () => {
  console.log(
    `guestbook ${self.container} listens on ${self.address}:${port}, redis ${redis.host}:${redis.port}`,
  );
  void report();
});
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, () => {
    clearInterval(reporting);
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
