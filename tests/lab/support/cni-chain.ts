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

/**
 * On every host, from its boot on and before Docker: each LAN (see `secondLan`) in a bridge of that number. With a MAC of
 * its own, since CNI's CHECK finds fault with a bridge whose MAC changes as ports come.
 */
export async function lanBridges(lab: TestLab, lans: readonly string[]): Promise<void> {
  await Promise.all(
    lab.hosts.map(async (host, number) => {
      const lines = lans.flatMap((name, index) => [
        `ip link add lanbr${index + 1} address 02:00:00:00:0${index + 1}:0${number + 1} mtu 1450 type bridge`,
        `ip link set ${name} master lanbr${index + 1}`,
        `ip link set lanbr${index + 1} up`,
      ]);
      const install =
        "cat > /etc/rc2.d/S00lanbr && chmod 755 /etc/rc2.d/S00lanbr && /etc/rc2.d/S00lanbr";
      const script = `#!/bin/sh\n${lines.join("\n")}\n`;
      const { code, stderr } = await lab.exec(host.name, ["sh", "-c", install], script);
      if (code !== 0) throw new Error(`${host.name}: ${stderr}`);
    }),
  );
}
