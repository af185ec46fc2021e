import { describe, expect, it } from "vitest";
import { labConnection, type LabInventory } from "../../../lab/inventory.js";
import { hostNames, labNames } from "../../../lab/names.js";

const inventory: LabInventory = {
  name: "one",
  subnet: "10.77.4.0/24",
  gateway: "10.77.4.254",
  keyFile: "/keys/id",
  knownHosts: "/keys/known_hosts",
  hosts: [
    {
      name: "h1",
      address: "10.77.4.1",
      port: 22,
      user: "root",
      sudoUser: "ops",
      hostKey: "ssh-ed25519 AAAA",
      cpus: 2,
      memory: 1024,
      labels: { zone: "a" },
      dockerSocket: "/h1/docker.sock",
      docker: true,
    },
  ],
};

describe("the names of a lab", () => {
  it("fit the kernel's limits however long the lab's name is", () => {
    const names = labNames("a".repeat(40));
    expect(names.link.length).toBeLessThanOrEqual(15);
    expect(hostNames(names, "h50").socket.length).toBeLessThan(108);
  });

  it("differ from lab to lab", () => {
    const [one, two] = [labNames("one"), labNames("two")];
    for (const key of ["dir", "link", "cgroup", "netns", "memory"] as const)
      expect(one[key]).not.toBe(two[key]);
  });

  it.each(["", "Upper", "a/b", "../x", "-a", "a b", "a".repeat(41)])("may not be %j", (name) => {
    expect(() => labNames(name)).toThrow(
      `"${name}" cannot be the name of a lab: use 1 to 40 lower-case letters, digits and dashes, beginning with a letter or digit`,
    );
  });
});

describe("the way to a lab host", () => {
  const [host] = inventory.hosts;
  if (!host) throw new Error("the inventory has a host");

  it("pins the host key and refers to the login key by its file", () => {
    expect(labConnection(inventory, host)).toEqual({
      kind: "ssh",
      name: "h1",
      address: "10.77.4.1",
      port: 22,
      user: "root",
      key: { kind: "file", path: "/keys/id" },
      hostKeys: ["ssh-ed25519 AAAA"],
      sudo: false,
      dockerSocket: "/var/run/docker.sock",
      parallelStarts: 0,
      whenUnreachable: "fail",
    });
  });

  it("uses sudo for the other user", () => {
    expect(labConnection(inventory, host, "sudo")).toMatchObject({ user: "ops", sudo: true });
  });
});
