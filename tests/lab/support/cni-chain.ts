import type { TestLab } from "../../support/lab.js";

/** A chain of CNI's own plugins as Debian has them: a bridge that is there, the planned address, and a tuned link. */
export function cniChain(bridge: string): string {
  return JSON.stringify({
    cniVersion: "0.4.0",
    name: "chain",
    plugins: [
      {
        type: "bridge",
        bridge,
        mtu: 1450,
        capabilities: { ips: true, mac: true },
        ipam: { type: "static", routes: [{ dst: "0.0.0.0/0", gw: "@gateway@" }] },
      },
      { type: "tuning", mtu: 1450 },
    ],
  });
}

/** On every host, from its boot on: each LAN (see `secondLan`) in a bridge of that number. */
export async function lanBridges(lab: TestLab, lans: readonly string[]): Promise<void> {
  const lines = lans.flatMap((name, index) => [
    `ip link add lanbr${index + 1} mtu 1450 type bridge`,
    `ip link set ${name} master lanbr${index + 1}`,
    `ip link set lanbr${index + 1} up`,
  ]);
  await Promise.all(
    lab.hosts.map(async (host) => {
      const install =
        "cat > /etc/rc2.d/S01lanbr && chmod 755 /etc/rc2.d/S01lanbr && /etc/rc2.d/S01lanbr";
      const script = `#!/bin/sh\n${lines.join("\n")}\n`;
      const { code, stderr } = await lab.exec(host.name, ["sh", "-c", install], script);
      if (code !== 0) throw new Error(`${host.name}: ${stderr}`);
    }),
  );
}
