import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestLab } from "../../support/lab.js";

/** Name under which Docker finds the plugin that stands in for those of others, and MTU of its links. */
export const STANDIN_PLUGIN = "standin";
export const STANDIN_MTU = 1450;

const SCRIPT = readFileSync(join(__dirname, "standins/network-plugin.py"), "utf8");

/** Puts the plugin on every host of a lab: there when the host boots, before Docker. */
export async function networkPlugin(lab: TestLab): Promise<void> {
  await Promise.all(
    lab.hosts.map(async (host) => {
      const peers = lab.hosts.filter((other) => other !== host).map(({ address }) => address);
      const put = async (path: string, text: string) => {
        const { code, stderr } = await lab.exec(
          host.name,
          ["sh", "-c", 'cat > "$1" && chmod 755 "$1"', "sh", path],
          text,
        );
        if (code !== 0) throw new Error(`${host.name}: ${stderr}`);
      };
      const command = ["python3", "/usr/local/bin/standin", host.address, ...peers].join(" ");
      await put("/usr/local/bin/standin", SCRIPT);
      await put(
        "/etc/rc2.d/S00standin",
        `#!/bin/sh\nsetsid ${command} >>/var/log/standin.log 2>&1 </dev/null &\n`,
      );
      await lab.sh(host.name, "/etc/rc2.d/S00standin");
    }),
  );
}
