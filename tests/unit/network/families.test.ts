import { describe, expect, it } from "vitest";
import { renderFamilies } from "../../../provider/firewall/families.js";
import type { Policy, PublishedPort } from "../../../provider/firewall/model.js";
import { renderPolicy } from "../../../provider/firewall/render.js";

const site = {
  vni: 7,
  host: "h1",
  blocks: { h1: "10.7.1.0/24", h2: "10.7.2.0/24" },
  gateways: ["10.7.1.1", "10.7.2.1"],
};
const policy: Policy = {
  isolate: "containers",
  outside: "closed",
  rules: [
    { from: { service: "web" }, to: { service: "redis" }, ports: ["6379"] },
    { from: { cidr: "192.0.2.0/24" }, to: { service: "redis" } },
    { from: { cidr: "2001:db8::/32" }, to: { service: "redis" } },
  ],
  members: [
    { name: "web-0", application: "shop", service: "web", host: "h2", address: "10.7.2.10" },
    { name: "redis", application: "data", service: "redis", host: "h1", address: "10.7.1.10" },
  ],
};

describe("the rules of a policy", () => {
  it("are those of IPv4 alone where the network has no IPv6", () => {
    const rules = renderFamilies(policy, site, { cidr: "10.7.0.0/16" });
    expect(rules).toBe(renderPolicy({ ...policy, rules: policy.rules.slice(0, 2) }, site));
    expect(rules).toContain("-s 192.0.2.0/24");
  });

  it("are the same in IPv6, by the twin of every address, after those of IPv4", () => {
    const network = { cidr: "10.7.0.0/16", cidr6: "fd00:7::/64" };
    const [ipv4 = "", ipv6 = "", ...more] = renderFamilies(policy, site, network).split("# ipv6\n");
    expect(more).toEqual([]);
    expect(ipv4).toBe(renderFamilies(policy, site, { cidr: network.cidr }));
    const inIPv6 = ipv4
      .replaceAll(/10\.7\.(\d+)\.0\/24/g, "fd00:7::$100/120")
      .replaceAll(/10\.7\.(\d+)\.(\d+)/g, (_, third: string, last: string) => {
        return `fd00:7::${(Number(third) * 256 + Number(last)).toString(16)}`;
      })
      .replaceAll("192.0.2.0/24", "2001:db8::/32");
    expect(ipv6).toBe(inIPv6);
    expect(ipv6).toContain("-A CLK-P-7 -d fd00:7::10a -j CLK-P-7-d0\n");
  });

  const port = { port: 6379, hostPort: 6379, protocol: "tcp" as const };
  const publishing = (...published: PublishedPort[]) => ({
    ...policy,
    members: policy.members.map((member) =>
      member.host === "h1" ? { ...member, published } : member,
    ),
  });

  it("keep doors of IPv6 where the network has none, for what Docker's proxy opens there", () => {
    const doors = (given: Policy) =>
      renderFamilies(given, site, { cidr: "10.7.0.0/16" }).split("# ipv6\n")[1];
    expect(doors(publishing(port, { ...port, hostPort: 99, hostAddress: "192.0.2.1" }))).toBe(
      [
        ":CLK-P-7-door - [0:0]",
        "-A CLK-P-7-door -s 2001:db8::/32 -p tcp --dport 6379 -j RETURN",
        "-A CLK-P-7-door -p tcp --dport 6379 -j DROP",
        "",
      ].join("\n"),
    );
    expect(doors({ ...publishing(port), outside: "open" })).toBeUndefined();
    const everybody = [{ from: "outside" as const, to: "all" as const }];
    expect(doors({ ...publishing(port), rules: everybody })).toContain(
      "-A CLK-P-7-door -p tcp --dport 6379 -j RETURN\n",
    );
  });

  it("judge a port that is published on one address of the host in the family of that address", () => {
    const network = { cidr: "10.7.0.0/16", cidr6: "fd00:7::/64" };
    const given = publishing(
      { ...port, hostAddress: "192.0.2.1" },
      { ...port, hostAddress: "2001:db8::1" },
    );
    const gates = renderFamilies(given, site, network)
      .split("\n")
      .filter((line) => line.includes("--dport 6379 -j CLK-P-7-h0"));
    expect(gates).toEqual([
      "-A CLK-P-7-host -d 192.0.2.1 -p tcp --dport 6379 -j CLK-P-7-h0",
      "-A CLK-P-7-host -d 2001:db8::1 -p tcp --dport 6379 -j CLK-P-7-h0",
    ]);
  });
});
