import { binary, librariesOf } from "./binaries.js";

/** Enough of a system to look around inside: a shell and the usual small commands. */
const APPLETS = "sh cat env grep hostname ip kill ls nc nslookup ping ps sleep top wget".split(" ");

/** What an image needs for a shell: see ImageRecipe. */
export async function busyboxTools(): Promise<{
  files: Record<string, string>;
  links: Record<string, string>;
}> {
  const busybox = binary("busybox", "busybox-static");
  return {
    files: { "bin/busybox": busybox, ...(await librariesOf(busybox)) },
    links: Object.fromEntries(APPLETS.map((name) => [`bin/${name}`, "busybox"])),
  };
}
