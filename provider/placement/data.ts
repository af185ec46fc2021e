import type { PlacementRequest } from "./model.js";

/** What a container leaves behind when it leaves its host, in words: `volume data`, `folder /srv/data`; undefined: nothing. */
export function dataOf({
  volumes,
  folders = [],
}: Pick<PlacementRequest, "volumes" | "folders">): string | undefined {
  const [volume] = volumes;
  if (volume !== undefined) return `volume ${volume}`;
  const [folder] = folders;
  return folder === undefined ? undefined : `folder ${folder}`;
}
