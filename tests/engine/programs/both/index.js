// An ES module that has a little of everything that passes between a program, the engine and a dynamic provider.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import * as automation from "@pulumi/pulumi/automation/index.js";

const path = JSON.stringify(createRequire(import.meta.url).resolve("../script/provider.js"));

class Thing extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const __provider = `exports.handler=()=>require(${path}).thing`;
    const props = { made: undefined, name, ...args, __provider };
    super("pulumi-nodejs:dynamic/script:Thing", name, props, opts);
  }
}

class Group extends pulumi.ComponentResource {
  constructor(name, opts) {
    super("both:index:Group", name, {}, opts);
    this.inner = new Thing(
      `${name}-inner`,
      { list: [1, "two", null, { three: [] }] },
      { parent: this },
    );
    this.registerOutputs({ made: this.inner.made });
  }
}

const group = new Group("group");
const first = new Thing("first", {
  large: "ä".repeat(700_000),
  text: new pulumi.asset.StringAsset("text"),
});
const token = pulumi.secret("hidden");
const second = new Thing("second", { token, after: first.made }, { dependsOn: group });
const many = Array.from({ length: 30 }, (_, index) => new Thing(`many-${index}`, { index }));
await pulumi.log.info("from the program", second);

// A process that outlives the program, with all that it inherits.
spawn("sleep", ["2"], { stdio: "inherit", detached: true }).unref();

// All else is done before, so that what the state holds is no matter of chance.
const all = [first, second, group, ...many];
const wrongs = { refuse: { refuse: "never" }, unwell: { unwell: "not well" } };
const wrong = wrongs[process.env.WRONG];
const last = wrong ? new Thing("wrong", wrong, { dependsOn: all }) : second;
if (process.env.WRONG === "throw") {
  await promiseOf(pulumi.all(all.map((each) => each.urn)));
  throw new Error(`thrown after ${await promiseOf(first.made)}`);
}

function promiseOf(output) {
  return new Promise((resolve) => output.apply(resolve));
}

export const made = pulumi.all([group.inner.made, ...many.map((each) => each.made)]);
/** The stack has no outputs before what fails has failed. */
export const end = last.made;
export const secret = second.token;
export const automated = typeof automation.LocalWorkspace.create;
export const file = fileURLToPath(import.meta.url).endsWith("index.js");
/** How the SDK reached the engine. */
export const connections = second.made.apply(
  () => process.getActiveResourcesInfo().filter((each) => each === "TCPSocketWrap").length,
);
