import { run } from "../run.js";
import { binary } from "./binaries.js";
import { buildImage, type ImageTar } from "./build.js";

/** A small image for tests: busybox with all its applets. */
export const TEST_IMAGE = "clocker-test/busybox:dev";

/** As PID 1, programs do not end by SIGTERM unless they ask for it; these do, so that stopping takes no 10 s. */
const IDLE = `#!/bin/sh
# idle: does nothing until it is stopped
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done
`;
const SERVE = `#!/bin/sh
# serve [PORT]: answers "clocker-test" at / and its host name at /cgi-bin/hostname
trap 'kill $!; exit 0' TERM INT
httpd -f -p "\${1:-80}" -h /www & wait $!
`;

export async function buildTestImage(cacheDir: string): Promise<ImageTar> {
  const busybox = binary("busybox", "busybox-static");
  const applets = (await run([busybox, "--list"])).stdout.trim().split("\n");
  return buildImage(
    {
      tag: TEST_IMAGE,
      files: { "bin/busybox": busybox },
      links: Object.fromEntries(
        applets.filter((name) => name !== "busybox").map((name) => [`bin/${name}`, "busybox"]),
      ),
      texts: {
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
        "etc/group": "root:x:0:\nnogroup:x:65534:\n",
        "usr/local/bin/idle": IDLE,
        "usr/local/bin/serve": SERVE,
        "www/index.html": "clocker-test\n",
        "www/cgi-bin/hostname":
          '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"; hostname\n',
      },
      scratch: ["tmp", "data"],
      config: { Cmd: ["idle"], StopSignal: "SIGTERM" },
    },
    cacheDir,
  );
}
