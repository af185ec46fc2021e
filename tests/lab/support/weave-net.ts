import type { TestLab } from "../../support/lab.js";
import { putProgram, putStandin, standin } from "./standin.js";

/** CLOCKER_WEAVER=/path/to/weaver: the real router's program, run as a process instead of a container. */
const WEAVER = process.env["CLOCKER_WEAVER"] ?? "";

/** What weaveDNS does not know it asks the host's resolvers, of which there are none: a machine's own may take their time. */
const DNS = standin("weave_dns.py").replace('"/etc/resolv.conf"', '"/run/no-resolvers"');

/** Weave Net on every host of a lab: the host's own, if it has the script `weave`, or one that stands in for it. */
export async function weaveNet(lab: TestLab): Promise<void> {
  const text = standin("weave.py").replace('WEAVER = ""', `WEAVER = ${JSON.stringify(WEAVER)}`);
  await Promise.all(
    lab.hosts.map(async ({ name }) => {
      if ((await lab.exec(name, ["sh", "-c", "command -v weave"])).code === 0) return;
      await putProgram(lab, name, "/usr/local/bin/weave_dns.py", DNS);
      await putStandin(lab, name, "weave", text);
    }),
  );
}

/**
 * Options of the suite's networks. With the stand-in their addresses are in the range of Weave's IPAM, which is then told of
 * each; the real router starts after Docker, and containers would wait for it at each boot.
 */
export const WEAVE_OPTIONS = {
  password: "Tr0ub4dor&3 on the wire",
  ...(WEAVER === "" ? { ipallocRange: "10.96.0.0/12", ipallocDefaultSubnet: "10.111.0.0/16" } : {}),
};
