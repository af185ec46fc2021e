import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stdoutColors } from "../display/paint.js";
import {
  buildGuestbookImage,
  buildRedisImage,
  loadImages,
  type ImageTarget,
} from "../../lab/images/index.js";
import { labUp } from "../../lab/index.js";
import { transportFor } from "../../provider/host/pool.js";
import type { HostConnection } from "../../provider/host/connection.js";
import { DEFAULTS } from "../../provider/resources/docker-host/check.js";
import { prepareHost } from "../../provider/resources/docker-host/prepare.js";
import { hostsFromText, type NamedHost } from "../../sdk/hosts-from-env.js";
import { accessOf } from "../../sdk/host-access.js";
import { clocker } from "./clocker.js";
import { Interrupted } from "./errors.js";
import { prove } from "./prove.js";
import {
  BACKEND,
  IMAGES,
  INVENTORY_FILE,
  LAB,
  LAB_HOSTS,
  ownHosts,
  PASSPHRASE_FILE,
  ROOT,
  STACK,
} from "./setting.js";

const pc = stdoutColors();

/** Makes hosts, images and the guestbook on them, and shows that it works. Each step does nothing that is done already. */
export async function quickstart(): Promise<void> {
  const begun = Date.now();
  step(1, "Hosts");
  const targets = await interruptible(makeHosts());
  step(2, "Images, built from this machine's own packages");
  await interruptible(makeImages(targets));
  await makeStack();
  step(3, "Preview: which host, which address, and why");
  await clocker(["preview", "--stack", STACK], { show: true });
  step(4, "Up: exactly that");
  await clocker(["up", "--yes", "--skip-preview", "--stack", STACK], { show: true });
  step(5, "Proof");
  const urls = await prove();
  await clocker(["ps", "--stack", STACK], { show: true });
  step(6, "Up again: nothing to do");
  const again = ["up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", STACK];
  await clocker(again, { show: true });
  farewell(urls, begun);
}

/** Work in this process that Ctrl-C ends; running it again goes on from what is there. */
async function interruptible<T>(work: Promise<T>): Promise<T> {
  let onInterrupt: () => void = () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    onInterrupt = () => reject(new Interrupted());
    process.once("SIGINT", onInterrupt);
  });
  try {
    return await Promise.race([work, interrupted]);
  } finally {
    process.removeListener("SIGINT", onInterrupt);
  }
}

function step(number: number, title: string): void {
  console.log(`\n${pc.bold(`${number}. ${title}`)}`);
}

async function makeHosts(): Promise<ImageTarget[]> {
  const given = ownHosts();
  await mkdir(BACKEND, { recursive: true });
  if (given) {
    const hosts = hostsFromText(given);
    console.log(
      `   Using CLOCKER_HOSTS: ${hosts.map(({ name, args }) => `${name} = ${args.address as string}`).join(", ")}`,
    );
    const start = Date.now();
    await Promise.all(hosts.map(prepareOwn));
    console.log(
      pc.dim(`   reached, and prepared where something was missing, in ${seconds(start)}`),
    );
    return hosts.map(ownTarget);
  }
  const start = Date.now();
  const inventory = await labUp({ name: LAB, hosts: LAB_HOSTS, onProgress: () => undefined });
  for (const host of inventory.hosts) {
    const labels = Object.entries(host.labels).map(([key, value]) => `${key}=${value}`);
    console.log(
      `   ${host.name}  ${host.address}  ${host.cpus} cpus, ${Math.round(host.memory / 2 ** 30)} GiB  ${labels.join(" ")}`,
    );
  }
  console.log(pc.dim(`   Docker hosts in namespaces of this machine, ready in ${seconds(start)}`));
  await writeFile(INVENTORY_FILE, JSON.stringify(inventory, null, 2), { mode: 0o600 });
  return inventory.hosts.map(({ name, dockerSocket }) => ({ name, dockerSocket }));
}

/** The images are loaded before the first up, so Docker must be there by then: what DockerHost does, done early. */
async function prepareOwn({ name, args }: NamedHost): Promise<void> {
  const access = accessOf(`host ${name}`, name, args) as unknown as HostConnection;
  const meta = { project: "guestbook", stack: STACK, name, urn: "" };
  await prepareHost({ ...DEFAULTS, meta, access });
}

/** A host of the user's own: Docker is reached as the provider will reach it. */
function ownTarget({ name, args }: NamedHost): ImageTarget {
  const connection = accessOf(`host ${name}`, name, args) as unknown as HostConnection;
  return { name, openDocker: () => transportFor(connection).openSocket(connection.dockerSocket) };
}

async function makeImages(targets: ImageTarget[]): Promise<void> {
  const start = Date.now();
  const images = [
    await buildRedisImage(IMAGES),
    await buildGuestbookImage(join(ROOT, "examples/guestbook/app"), IMAGES),
  ];
  let loaded = 0;
  await loadImages(images, targets, () => loaded++);
  console.log(`   ${images.map(({ tag }) => tag).join(", ")}`);
  console.log(
    pc.dim(
      loaded === 0
        ? "   already on all hosts"
        : `   loaded on ${targets.length} hosts without a registry in ${seconds(start)}`,
    ),
  );
}

/** The stack, its passphrase and its configuration. */
async function makeStack(): Promise<void> {
  if (!existsSync(PASSPHRASE_FILE)) {
    await writeFile(PASSPHRASE_FILE, `${randomBytes(18).toString("base64url")}\n`, { mode: 0o600 });
  }
  const { code } = await clocker(["stack", "select", STACK], { mayFail: true });
  if (code !== 0) await clocker(["stack", "init", STACK]);
  if (!ownHosts()) await clocker(["config", "set", "inventory", INVENTORY_FILE, "--stack", STACK]);
}

function farewell(urls: string[], begun: number): void {
  console.log(`
${pc.green("The guestbook runs:")} ${pc.bold(urls[0] ?? "")}   (and ${urls.slice(1).join(", ")})

   scale         npm run clocker -- config set web 5 && npm run clocker -- up
   look around   npm run clocker -- ps | hosts | logs guestbook-web-0 | plan | doctor
   take down     npm run quickstart -- --down

${pc.dim(`All of this took ${seconds(begun)}. The program is examples/guestbook/index.ts.`)}`);
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
