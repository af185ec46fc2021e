import { clocker } from "./clocker.js";
import { QuickstartError } from "./errors.js";
import { STACK } from "./setting.js";

/** Posts an entry through one host and reads it back through another. Returns the guestbook's URLs. */
export async function prove(): Promise<string[]> {
  const { output } = await clocker(["stack", "output", "urls", "--json", "--stack", STACK]);
  const urls = JSON.parse(output) as string[];
  const first = urls[0];
  const last =
    urls.find((url) => new URL(url).hostname !== new URL(first!).hostname) ?? urls.at(-1);
  if (!first || !last) throw new QuickstartError("the stack has no URLs: is config web 0?");
  const text = `Hello from ${new Date().toISOString()}`;
  const posted = await fetch(`${first}/api/entries`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "quickstart", text }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!posted.ok)
    throw new QuickstartError(`${first} answered ${posted.status}: ${await posted.text()}`);
  console.log(`   posted  ${JSON.stringify(text)}  through ${first}`);
  const read = await fetch(`${last}/api/entries`, { signal: AbortSignal.timeout(10_000) });
  const body = await read.text();
  if (!read.ok || !body.includes(text)) {
    throw new QuickstartError(
      `the entry was not found through ${last}, which answered ${read.status}: ${body}`,
    );
  }
  console.log(`   read it back through ${last}`);
  return urls;
}
