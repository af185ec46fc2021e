import type { TestLab } from "../../support/lab.js";

/** MTU of the links that `secondLan` makes. */
export const SECOND_LAN_MTU = 1450;

/**
 * Gives every host of a lab further network cards, each on a LAN of its own that all hosts are on: links that are there
 * when the host boots, before Docker. (A VXLAN plays the cable.)
 */
export async function secondLan(lab: TestLab, names: readonly string[]): Promise<void> {
  await Promise.all(
    lab.hosts.map(async (host) => {
      const peers = lab.hosts.filter((other) => other !== host).map(({ address }) => address);
      const lines = names.flatMap((name) => [
        `ip link add ${name} type vxlan id ${900 + Number(name.replace(/\D/g, ""))} local ${host.address} dstport 4799`,
        `ip link set ${name} mtu ${SECOND_LAN_MTU} up`,
        ...peers.map((peer) => `bridge fdb append 00:00:00:00:00:00 dev ${name} dst ${peer}`),
      ]);
      const script = `#!/bin/sh\n${lines.join("\n")}\n`;
      const install = 'cat > "$1" && chmod 755 "$1" && "$1"';
      const boot = `/etc/rc2.d/S00${names.join("-")}`;
      const { code, stderr } = await lab.exec(host.name, ["sh", "-c", install, "sh", boot], script);
      if (code !== 0) throw new Error(`${host.name}: ${stderr}`);
    }),
  );
}
