import type { TestLab } from "../../support/lab.js";
import { putProgram, putStandin, standin } from "./standin.js";

/** Name under which Docker finds the plugin that stands in for those of others, and MTU of its links. */
export const STANDIN_PLUGIN = "standin";
export const STANDIN_MTU = 1450;

/** Puts the plugin on every host of a lab: there when the host boots, before Docker. */
export async function networkPlugin(lab: TestLab): Promise<void> {
  await Promise.all(
    lab.hosts.map(async (host) => {
      const peers = lab.hosts.filter((other) => other !== host).map(({ address }) => address);
      const command = ["python3", "/usr/local/bin/standin", host.address, ...peers].join(" ");
      await putStandin(lab, host.name, "standin", standin("network-plugin.py"));
      await putProgram(
        lab,
        host.name,
        "/etc/rc2.d/S00standin",
        `#!/bin/sh\nsetsid ${command} >>/var/log/standin.log 2>&1 </dev/null &\n`,
      );
      await lab.sh(host.name, "/etc/rc2.d/S00standin");
    }),
  );
}
