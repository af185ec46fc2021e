import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { LabError } from "../run.js";
import type { ImageTar } from "./build.js";

/** A Docker daemon to load images into: by the path of its socket, or by any stream to it (a forwarded socket). */
export type ImageTarget =
  { name: string; dockerSocket: string } | { name: string; openDocker: () => Promise<Duplex> };

/** Loads each image on each target, all targets at once. What is already there with this content is left alone. */
export async function loadImages(
  images: readonly ImageTar[],
  targets: readonly ImageTarget[],
  onLoad: (target: string, tag: string) => void = () => undefined,
): Promise<void> {
  await Promise.all(
    targets.map(async (target) => {
      for (const image of images) {
        if (await hasImage(target, image)) continue;
        await load(target, image);
        onLoad(target.name, image.tag);
      }
    }),
  );
}

async function hasImage(target: ImageTarget, image: ImageTar): Promise<boolean> {
  const { status, body } = await call(target, "GET", `/images/${encodeURI(image.tag)}/json`);
  if (status === 404) return false;
  if (status !== 200) throw refused(target, image, body);
  return (JSON.parse(body) as { Id: string }).Id === image.id;
}

async function load(target: ImageTarget, image: ImageTar): Promise<void> {
  const { status, body } = await call(target, "POST", "/images/load?quiet=1", image.file);
  // errors after the first byte come inside a reply that said 200
  if (status !== 200 || body.includes('"error"')) throw refused(target, image, body);
}

function refused(target: ImageTarget, image: ImageTar, body: string): LabError {
  return new LabError(`host ${target.name}: image ${image.tag} cannot be loaded: ${body.trim()}`);
}

async function call(
  target: ImageTarget,
  method: string,
  path: string,
  file?: string,
): Promise<{ status: number; body: string }> {
  const stream = "openDocker" in target ? await target.openDocker() : connect(target.dockerSocket);
  const size = file === undefined ? 0 : (await stat(file)).size;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new LabError(`host ${target.name}: its Docker does not answer: ${error.message}`));
    stream.once("error", fail);
    const sent = request(
      {
        method,
        path,
        host: "docker",
        createConnection: () => stream,
        headers: {
          connection: "close",
          ...(file === undefined
            ? {}
            : { "content-type": "application/x-tar", "content-length": size }),
        },
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("error", fail);
        response.on("end", () => {
          stream.destroy();
          resolve({ status: response.statusCode ?? 0, body });
        });
      },
    );
    sent.on("error", fail);
    if (file === undefined) sent.end();
    else createReadStream(file).on("error", fail).pipe(sent);
  });
}
