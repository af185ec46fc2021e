import { describe, expect, it } from "vitest";
import { parseTakenPorts } from "../../../provider/host/taken-ports.js";

const of = (...lines: string[]) =>
  parseTakenPorts(["underlay eth0", "ephemeral 32768 60999", ...lines].join("\n")).map(
    ({ first, last, protocol, hostAddress, by }) =>
      `${hostAddress === "" ? "" : `${hostAddress} `}${first === last ? first : `${first}-${last}`}/${protocol}: ${by}`,
  );

describe("ports that somebody has beside Docker's containers", () => {
  it("are a network's, whose owner tells it from our own", () => {
    expect(parseTakenPorts("open tcp 8080 other/dev/cloud:app")).toEqual([
      {
        ...{ first: 8080, last: 8080, protocol: "tcp", hostAddress: "" },
        ...{ by: "network other/dev/cloud:app", network: "other/dev/cloud:app" },
      },
    ]);
  });

  it("are those of a network's own name server, of nobody else's", () => {
    const named = 'users:(("named",pid=7,fd=5))';
    const lines = ["zone 10.0.0.1:53 other/dev/lan"];
    for (const at of ["10.0.0.1:53", "10.0.0.2:53"]) lines.push(`listen tcp ${at} ${named}`);
    const found = parseTakenPorts(lines.join("\n"));
    expect(found.map(({ by, zone }) => [by, zone])).toEqual([
      ["the name server of network other/dev/lan", "other/dev/lan"],
      ["the process named", undefined],
    ]);
  });

  it.each([
    ['tcp 0.0.0.0:80 users:(("nginx",pid=7,fd=5))', "80/tcp: the process nginx"],
    ['tcp *:22 users:(("sshd",pid=7,fd=3))', "22/tcp: the process sshd"],
    ['tcp [::]:80 users:(("nginx",pid=7,fd=5))', "80/tcp: the process nginx"],
    [
      'udp 127.0.0.53%lo:53 users:(("resolved",pid=7,fd=5))',
      "127.0.0.53 53/udp: the process resolved",
    ],
    ['tcp [::1]:631 users:(("cupsd",pid=7,fd=5))', "::1 631/tcp: the process cupsd"],
    ["udp 0.0.0.0:4789 ", "4789/udp: a process of the host"],
    ["tcp 0.0.0.0:40000 ", "40000/tcp: a process of the host"],
  ])("are those on which a process listens: %s", (line, expected) => {
    expect(of(`listen ${line}`)).toEqual([expected]);
  });

  it.each([
    'listen tcp 0.0.0.0:80 users:(("docker-proxy",pid=7,fd=5))',
    'listen udp 0.0.0.0:40000 users:(("chronyd",pid=7,fd=5))',
    "rule -A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80",
    "rule -A CLK-E-101 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.9.0.2:80",
    "rule -A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128",
    "rule -A PREROUTING -d 192.0.2.7/32 -j DNAT --to-destination 10.9.0.2",
    "rule -A PREROUTING -i wg0 -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353",
    "rule -A PREROUTING -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 3128",
    "rule -A MINE -d 10.96.0.0/12 -p tcp --dport 443 -j DNAT --to-destination 10.9.0.2",
    'nft inet mine iifname "br-lan" tcp dport 80 redirect to :3128',
    "nft inet mine ip saddr 10.0.0.0/8 tcp dport 80 redirect to :3128",
    "nft inet mine ip daddr 10.96.0.0/12 tcp dport { 80, 443 } redirect to :8080",
    "nft ip docker-bridges tcp dport 80 dnat to 172.17.0.2:80",
    "nft inet mine ip daddr 192.0.2.7 dnat to 10.9.0.2",
  ])("are not Docker's, ours, a client's, or none at all: %s", (line) => {
    expect(of(line)).toEqual([]);
  });

  it.each([
    ["-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.9.0.2:80", ["80/tcp"]],
    [
      "-A MINE -d 192.0.2.7/32 -p udp -m udp --dport 53 -j REDIRECT --to-ports 54",
      ["192.0.2.7 53/udp"],
    ],
    [
      "-A MINE ! -i lo -p tcp --dport 8000:8010 -j DNAT --to-destination 10.9.0.2",
      ["8000-8010/tcp"],
    ],
    ["-A MINE -i eth0 -p tcp --dport 80 -j DNAT --to-destination 10.9.0.2", ["80/tcp"]],
    [
      "-A MINE -p tcp -m multiport --dports 80,443,8000:8010 -j DNAT --to-destination 10.9.0.2",
      ["80/tcp", "443/tcp", "8000-8010/tcp"],
    ],
  ])("are those that a rule of iptables translates: %s", (rule, expected) => {
    const chain = rule.split(" ")[1];
    expect(of(`rule ${rule}`)).toEqual(
      expected.map((port) => `${port}: a rule of the host's firewall (chain ${chain})`),
    );
  });

  it.each([
    ["tcp dport 80 counter packets 0 bytes 0 dnat to 10.9.0.2:80", ["80/tcp"]],
    ["ip daddr 192.0.2.7 udp dport 5000-5010 dnat to 10.9.0.2", ["192.0.2.7 5000-5010/udp"]],
    ['iifname "eth0" tcp dport { 80, 443 } redirect to :8080', ["80/tcp", "443/tcp"]],
    ['iifname != "lo" tcp dport 80 redirect to :8080', ["80/tcp"]],
    [
      "dnat ip to tcp dport map { 80 : 10.9.0.2 . 8080, 443 : 10.9.0.3 . 8443 }",
      ["80/tcp", "443/tcp"],
    ],
    ["meta l4proto { tcp, udp } th dport 53 dnat to 10.9.0.2", ["53/tcp", "53/udp"]],
  ])("are those that a rule of nftables translates: %s", (rule, expected) => {
    expect(of(`nft inet mine ${rule}`)).toEqual(
      expected.map((port) => `${port}: a rule of the host's firewall (table inet mine)`),
    );
  });
});
