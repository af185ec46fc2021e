import { readFileSync } from "node:fs";
import { join } from "node:path";
import type {
  PolicyResource,
  ResourceValidation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
} from "@pulumi/policy";
import { describe, expect, it } from "vitest";
import {
  imagePinned,
  maxContainersPerHost,
  memoryLimited,
  noPowerfulCapabilities,
  noSensitiveMounts,
  policies,
} from "../../../sdk/policies/index.js";

const CONTAINER = "pulumi-nodejs:dynamic/clocker:PlacedContainer";
const MIB = 2 ** 20;

/** What a policy says of a container called web. */
function violations(
  policy: ResourceValidationPolicy,
  spec: Record<string, unknown>,
  config: object = {},
  type = CONTAINER,
): string[] {
  const said: string[] = [];
  const args = { type, name: "web", props: { spec }, getConfig: () => config };
  void (policy.validateResource as ResourceValidation)(
    args as unknown as ResourceValidationArgs,
    (message) => said.push(message),
  );
  return said;
}

describe("image pinned", () => {
  const digest = `redis@sha256:${"a".repeat(64)}`;

  it.each([["redis:7"], ["registry.example:5000/team/app:1.2"], [digest]])(
    "accepts %s",
    (image) => {
      expect(violations(imagePinned, { image })).toEqual([]);
    },
  );

  it.each([["redis"], ["redis:latest"], ["registry.example:5000/team/app"]])(
    "refuses %s",
    (image) => {
      expect(violations(imagePinned, { image })).toEqual([
        `web: image ${image} does not say which version it is; write a tag or a digest`,
      ]);
    },
  );

  it("wants a digest where that is configured, except for images that are loaded by hand", () => {
    const config = { require: "digest" };
    expect(violations(imagePinned, { image: "redis:7", pull: "missing" }, config)).toEqual([
      "web: image redis:7 is not pinned; write it with its digest, redis:7@sha256:...",
    ]);
    expect(violations(imagePinned, { image: digest }, config)).toEqual([]);
    expect(violations(imagePinned, { image: "app:dev", pull: "never" }, config)).toEqual([]);
  });

  it("says nothing of an image that is not known yet, nor of other resources", () => {
    expect(violations(imagePinned, {})).toEqual([]);
    expect(violations(imagePinned, { image: "x" }, {}, "aws:s3/bucket:Bucket")).toEqual([]);
  });
});

describe("no sensitive mounts", () => {
  const bind = (source: string, readOnly = false) => ({
    mounts: [{ kind: "bind", source, target: "/mnt", readOnly }],
  });

  it.each([
    ["/var/run/docker.sock", "mounts /var/run/docker.sock of its host, which is in /var/run"],
    ["/etc", "mounts /etc of its host"],
    ["/etc/", "mounts /etc of its host"],
    ["/srv/../etc/ssh", "mounts /etc/ssh of its host, which is in /etc"],
    ["/", "mounts / of its host, which holds /boot"],
    ["/var", "mounts /var of its host, which holds /var/lib/clocker"],
  ])("refuses %s", (source, sentence) => {
    expect(violations(noSensitiveMounts, bind(source))).toEqual([`web: ${sentence}`]);
    expect(violations(noSensitiveMounts, bind(source, true))).toEqual([`web: ${sentence}`]);
  });

  it("accepts folders for data, volumes and memory", () => {
    expect(violations(noSensitiveMounts, bind("/srv/data"))).toEqual([]);
    expect(violations(noSensitiveMounts, bind("/etcetera"))).toEqual([]);
    const mounts = [
      { kind: "volume", name: "etc", target: "/etc", readOnly: false },
      { kind: "tmpfs", target: "/run" },
    ];
    expect(violations(noSensitiveMounts, { mounts })).toEqual([]);
  });

  it("takes exceptions read-only, and further folders", () => {
    expect(violations(noSensitiveMounts, bind("/etc/localtime", true))).toEqual([]);
    expect(violations(noSensitiveMounts, bind("/etc/localtime"))).toHaveLength(1);
    expect(violations(noSensitiveMounts, bind("/srv/keys/a"), { paths: ["/srv/keys/"] })).toEqual([
      "web: mounts /srv/keys/a of its host, which is in /srv/keys",
    ]);
  });
});

describe("memory limited", () => {
  it("refuses a container without a limit and one above the maximum", () => {
    expect(violations(memoryLimited, { memoryBytes: 256 * MIB })).toEqual([]);
    expect(violations(memoryLimited, {})).toEqual([
      "web: has no memory limit; give it memory, or its cloud containers.memory",
    ]);
    expect(violations(memoryLimited, { memoryBytes: 257 * MIB }, { maximumMiB: 256 })).toEqual([
      "web: may use 257 MiB of memory; 256 MiB are allowed",
    ]);
    expect(violations(memoryLimited, { memoryBytes: 256 * MIB }, { maximumMiB: 256 })).toEqual([]);
  });
});

describe("no powerful capabilities", () => {
  const adds = (...add: string[]) => ({ capabilities: { add, drop: [] } });

  it("refuses those that amount to root, however they are written", () => {
    expect(violations(noPowerfulCapabilities, adds("NET_RAW", "cap_sys_admin", "BPF"))).toEqual([
      "web: is given SYS_ADMIN, BPF, which amounts to root on its host",
    ]);
    expect(violations(noPowerfulCapabilities, adds("NET_RAW"))).toEqual([]);
    expect(
      violations(noPowerfulCapabilities, adds("NET_ADMIN"), { allow: ["CAP_NET_ADMIN"] }),
    ).toEqual([]);
  });
});

describe("most containers per host", () => {
  async function stack(hosts: (string | undefined)[], config: object): Promise<string[]> {
    const said: string[] = [];
    const resources = hosts.map((host, index) => ({
      type: CONTAINER,
      name: `c${index}`,
      props: { place: { host } },
    })) as unknown as PolicyResource[];
    const stranger = { type: "aws:ec2:Instance", name: "vm", props: { place: { host: "h1" } } };
    await maxContainersPerHost.validateStack(
      {
        resources: [...resources, stranger as unknown as PolicyResource],
        stackTags: new Map(),
        getConfig: <T extends object>() => config as T,
        notApplicable: () => {
          throw new Error("not asked for");
        },
      },
      (message) => said.push(message),
    );
    return said;
  }

  it("counts the stack's containers on each host, and nothing else", async () => {
    expect(await stack(["h1", "h1", "h2", undefined, undefined], { max: 2 })).toEqual([]);
    expect(await stack(["h1", "h1", "h1", "h2"], { max: 2 })).toEqual([
      "host h1 would run 3 containers of this stack; 2 are allowed",
    ]);
    expect(await stack(Array<string>(51).fill("h1"), {})).toEqual([
      "host h1 would run 51 containers of this stack; 50 are allowed",
    ]);
  });
});

it("are all in the list, under names of their own, and need no package at run time", () => {
  expect(policies.map(({ name }) => name)).toEqual([
    "clocker-image-pinned",
    "clocker-max-containers-per-host",
    "clocker-memory-limited",
    "clocker-no-powerful-capabilities",
    "clocker-no-sensitive-mounts",
    "clocker-survives-host-loss",
  ]);
  const folder = join(__dirname, "../../../sdk/policies");
  for (const file of [
    "container",
    "index",
    "max-containers-per-host",
    "plans",
    "survives-host-loss",
  ]) {
    const text = readFileSync(join(folder, `${file}.ts`), "utf8");
    expect(text).not.toMatch(/^import (?!type).*@pulumi\/policy/m);
  }
});
