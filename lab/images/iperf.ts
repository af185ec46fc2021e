import { binary, librariesOf } from "./binaries.js";
import { buildImage, type ImageTar } from "./build.js";
import { busyboxTools } from "./tools.js";

/** Debian's iperf3, for measurements. */
export const IPERF_IMAGE = "clocker-test/iperf3:dev";

export async function buildIperfImage(cacheDir: string): Promise<ImageTar> {
  const iperf = binary("iperf3", "iperf3");
  const base = await busyboxTools();
  return buildImage(
    {
      tag: IPERF_IMAGE,
      files: { ...base.files, ...(await librariesOf(iperf)), "usr/bin/iperf3": iperf },
      links: base.links,
      texts: { "etc/passwd": "root:x:0:0:root:/:/bin/sh\n", "etc/group": "root:x:0:\n" },
      scratch: ["tmp"],
      config: { Cmd: ["iperf3", "-s"] },
    },
    cacheDir,
  );
}
