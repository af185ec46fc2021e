import { describe, expect, it } from "vitest";
import type { NetworkIngressInputs } from "../../../provider/resources/network-ingress/inputs.js";
import { networkIngressLifecycle as lifecycle } from "../../../provider/resources/network-ingress/lifecycle.js";
import { ingressRecord } from "../../../provider/resources/network-ingress/record.js";
import { UNKNOWN } from "../../../provider/unknown.js";

const inputs = {
  ...{ driver: "vxlan", network: "lan", networkId: "lan", vni: 7, plan: "cloud" },
  cidr: "10.128.0.0/16",
  ports: [
    {
      ...{ hostPort: 8080, protocol: "tcp" },
      targets: [
        { container: "web-0", host: "h1", address: "10.128.0.2", port: 80 },
        { container: "web-1", host: "h2", address: "10.128.1.2", port: 80 },
      ],
    },
    {
      ...{ hostPort: 53, protocol: "udp" },
      targets: [{ container: "dns", host: "h2", address: "10.128.1.3", port: 5353 }],
    },
  ],
} as unknown as NetworkIngressInputs;

const reasons = async (more: object) =>
  (await lifecycle.check({}, { ...inputs, ...more })).failures?.map(({ reason }) => reason);

describe("ports that are open on every host", () => {
  it("are told to each host with what is there", () => {
    const host = (name: string) =>
      ingressRecord.recordOf(inputs, { name } as NetworkIngressInputs["hosts"][number]);
    expect(host("h2")).toEqual({
      ...{ kind: "ports", key: "cloud" },
      text: "tcp 8080 10.128.0.2 80 there\ntcp 8080 10.128.1.2 80 here\nudp 53 10.128.1.3 5353 here\n",
    });
    expect(host("h3").text).not.toContain(" here");
  });

  it("are told by both addresses of a container where the network has IPv6", () => {
    const dual = { ...inputs, ports: inputs.ports.slice(1), cidr6: "fd00:128::/64" };
    const { text } = ingressRecord.recordOf(dual, {
      name: "h1",
    } as NetworkIngressInputs["hosts"][number]);
    expect(text).toBe("udp 53 10.128.1.3 5353 there\nudp 53 fd00:128::103 5353 there\n");
  });

  it.each(["macvlan", "swarm", "plugin", "cni"])("are refused over %s", async (driver) => {
    expect(await reasons({ driver })).toEqual([
      `the driver "${driver}" opens no port on every host: hosts cannot pass connections on over it; use vxlan, routed, wireguard, ovs, or publish on the container's host alone (mode: "host")`,
    ]);
  });

  it("are let through where the driver is fit or not known yet", async () => {
    for (const driver of ["vxlan", "routed", "wireguard", "ovs", UNKNOWN])
      expect(await reasons({ driver })).toEqual([]);
  });
});
