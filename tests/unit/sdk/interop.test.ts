import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DockerHost } from "../../../sdk/index.js";
import { opensshOptions } from "../../../sdk/resources/openssh-options.js";

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE";
const JUMP_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ";

let folder: string;
let keyFile: string;

const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => output.apply((value) => resolve(value)));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "interop-"));
  keyFile = join(folder, "id");
  writeFileSync(keyFile, "a private key\n");
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({
        id: `${name}-id`,
        state: inputs as Record<string, unknown>,
      }),
      call: () => ({}),
    },
    "project",
    "dev",
    false,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function host(name: string, args: object): Promise<DockerHost> {
  const sdk = await import("../../../sdk/index.js");
  return new sdk.DockerHost(name, args);
}

/** `remote.Command`'s connection: address, login and pinned key, as the package declares them. */
describe("host.connection", () => {
  it("is secret and has the settings of the host and of its jump host", async () => {
    const h1 = await host("h1", {
      address: "10.0.0.1",
      port: 2222,
      user: "admin",
      sudo: true,
      key: { file: keyFile },
      hostKey: HOST_KEY,
      jump: { address: "192.0.2.1", user: "hop", key: { file: keyFile }, hostKey: HOST_KEY },
    });
    expect(await pulumi.isSecret(h1.connection)).toBe(true);
    expect(await valueOf(h1.connection)).toEqual({
      host: "10.0.0.1",
      port: 2222,
      user: "admin",
      privateKey: "a private key\n",
      hostKey: HOST_KEY,
      proxy: {
        host: "192.0.2.1",
        port: 22,
        user: "hop",
        privateKey: "a private key\n",
        hostKey: HOST_KEY,
      },
    });
  });

  it("takes the key from an agent without reading any file", async () => {
    const h2 = await host("h2", { address: "10.0.0.2", key: { agent: "/run/agent" } });
    expect(await valueOf(h2.connection)).toEqual({
      host: "10.0.0.2",
      port: 22,
      user: "root",
      agentSocketPath: "/run/agent",
    });
  });
});

describe("host.dockerProvider()", () => {
  it("says how to install the package where it is missing", async () => {
    const h3 = await host("h3", { address: "10.0.0.3", hostKey: HOST_KEY });
    const before = process.cwd();
    process.chdir(folder); // this checkout may have the package
    try {
      expect(() => h3.dockerProvider()).toThrow(
        "dockerProvider() needs the package @pulumi/docker in this project: npm install @pulumi/docker",
      );
    } finally {
      process.chdir(before);
    }
  });

  it("refuses a key that OpenSSH cannot get", async () => {
    const h5 = await host("h5", { address: "10.0.0.5", key: { env: "DEPLOY_KEY" } });
    const access = await valueOf(h5.access);
    expect(() => opensshOptions(access)).toThrow(
      "DockerHost h5: dockerProvider() runs the ssh of this machine, which takes no key from an environment variable: use key.file or key.agent",
    );
  });

  it("reaches the host as the cloud does: same login, key, pinned host key and jump host", async () => {
    // The package as the program's own project has it, with the one class that is used.
    const installed = join(folder, "node_modules/@pulumi/docker");
    mkdirSync(installed, { recursive: true });
    writeFileSync(
      join(installed, "index.js"),
      `const pulumi = require(${JSON.stringify(require.resolve("@pulumi/pulumi"))});
exports.Provider = class extends pulumi.ProviderResource {
  constructor(name, args, opts) { super("docker", name, args, opts); this.args = args; }
};`,
    );
    const before = process.cwd();
    process.chdir(folder);
    try {
      const h4 = await host("h4", {
        address: "10.0.0.4",
        port: 2222,
        user: "admin",
        key: { file: keyFile },
        hostKey: HOST_KEY,
        jump: { address: "192.0.2.1", user: "hop", key: { file: keyFile }, hostKey: JUMP_KEY },
      });
      const { args } = h4.dockerProvider() as unknown as {
        args: { host: pulumi.Output<string>; sshOpts: pulumi.Output<string[]> };
      };
      expect(await valueOf(args.host)).toBe("ssh://admin@10.0.0.4:2222");
      expect(await valueOf(args.sshOpts)).toEqual([
        ...["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-i", keyFile],
        ...["-o", "UserKnownHostsFile=/dev/null"],
        ...["-o", `KnownHostsCommand=/bin/echo %H ${HOST_KEY}`],
        "-o",
        "ProxyCommand=ssh -o 'BatchMode=yes' -o 'StrictHostKeyChecking=yes' -i " +
          `${keyFile} -o 'UserKnownHostsFile=/dev/null' -o 'KnownHostsCommand=/bin/echo %%H ${JUMP_KEY}' ` +
          "-p 22 -l hop -W '[%h]:%p' 192.0.2.1",
      ]);
    } finally {
      process.chdir(before);
    }
  });
});
