import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { namesFile } from "../../../provider/network/dns/names-file.js";
import { bridgeName, dockerNetworkName, linkName, macOf } from "../../../provider/network/names.js";
import { NETWORK_PROGRAM } from "../../../provider/network/program/program.js";
import { partDocument } from "../../../provider/network/run-program.js";
import { quoteArgument } from "../../../provider/host/command.js";
import { planParts } from "../../../provider/network/plan.js";
import { FakeHosts } from "../../support/fake-transport.js";
import { inputsOn } from "./fake-network.js";

describe("names of a network's parts", () => {
  it("fit the kernel's 15 characters for the largest VNI", () => {
    expect([bridgeName(16_777_215), linkName(16_777_215)]).toEqual(["cnb16777215", "cnv16777215"]);
    expect(dockerNetworkName("app", 42)).toBe("app-42");
  });

  it("give an address its MAC", () => {
    expect(macOf("10.42.1.200")).toBe("02:42:0a:2a:01:c8");
  });
});

describe("the file of names", () => {
  it("has each name alone and with the domain, those of one address first", () => {
    expect(
      namesFile(
        { web: ["10.0.0.1", "10.0.0.2"], "web-0": ["10.0.0.1"], "db.app.x": ["10.0.0.3"] },
        "app.x",
      ),
    ).toBe(
      "10.0.0.3 db.app.x db\n10.0.0.1 web-0.app.x web-0\n10.0.0.1 web.app.x web\n10.0.0.2 web.app.x web\n",
    );
  });
});

describe("a host's part", () => {
  const fakes = new FakeHosts();

  it("is the same text whether facts come from the hosts or from the state, which sorts them", () => {
    const inputs = inputsOn(fakes, "h1", "h2");
    const text = (facts: Record<string, string>) =>
      planParts(inputs, { h1: facts, h2: facts }).map(partDocument);
    expect(text({ publickey: "k", port: "1" })).toEqual(text({ port: "1", publickey: "k" }));
    expect(text({ publickey: "k", port: "1" })[0]).toContain(
      "fact self port 1\nfact self publickey k\n",
    );
  });

  it("has a password apart from the settings, and changes with it", () => {
    const on = (password: string) =>
      planParts({ ...inputsOn(fakes, "h1"), driver: "weave", driverOptions: { password } })[0]!;
    const document = partDocument(on("correct horse"));
    expect(document).not.toContain("correct horse");
    expect(document.split("\n")[0]).toBe("secret password Y29ycmVjdCBob3JzZQ==");
    expect(document).toContain("set encrypted yes\n");
    expect(on("correct horse")).toEqual(on("correct horse"));
    expect(on("correct horse")).not.toEqual(on("another horse"));
    expect(on("correct horse").settings).toEqual(on("another horse").settings);
  });

  it("is written as settings and names", () => {
    const [first] = planParts(inputsOn(fakes, "h1", "h2"));
    expect(partDocument(first!)).toBe(
      [
        "owner p/s/app",
        "network app",
        "driver vxlan",
        "vni 42",
        "bridge cnb42",
        "link cnv42",
        "port 4789",
        "cidr 10.42.0.0/16",
        "prefix 16",
        "gateway 10.42.1.1",
        "mac 02:42:0a:2a:01:01",
        "underlay 192.0.2.1",
        "mtu 1450",
        "domain app.clocker",
        "outbound yes",
        "peer 192.0.2.2 10.42.2.0/24",
        "names",
        "10.42.1.10 web-0.app.clocker web-0",
        "10.42.1.10 web.app.clocker web",
        "10.42.2.10 web.app.clocker web",
        "",
      ].join("\n"),
    );
  });

  it("does not depend on the order of hosts", () => {
    const inputs = inputsOn(fakes, "h1", "h2", "h3");
    const turned = { ...inputs, hosts: [...inputs.hosts].reverse() };
    expect(planParts(turned).find(({ host }) => host === "h2")).toEqual(planParts(inputs)[1]);
  });
});

describe("the program", () => {
  it("is a POSIX script that the shell can read, and fits a command line", () => {
    execFileSync("sh", ["-n"], { input: NETWORK_PROGRAM });
    // sshd gives it to the shell as one argument, of which Linux takes 128 KiB; the words around it are few
    expect(quoteArgument(NETWORK_PROGRAM).length).toBeLessThan(112 * 1024);
  });
});
