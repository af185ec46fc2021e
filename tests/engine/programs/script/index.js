// Runs the statements in SCRIPT with what a program has at hand.
const pulumi = require("@pulumi/pulumi");
const util = require("node:util");

// The SDK inspects uncaught errors in colour, and Node 22.23 goes round in circles for a minute over a stack through a scoped
// package. The launcher cures that, but there is none where the engine runs from its sources, as in these tests.
const { inspect } = util;
util.inspect = Object.assign(
  (value, options) => inspect(value, { ...options, colors: false }),
  inspect,
);

class Thing extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const path = JSON.stringify(require.resolve("./provider.js"));
    const __provider = `exports.handler=()=>require(${path}).thing`;
    super(
      "pulumi-nodejs:dynamic/script:Thing",
      name,
      { made: undefined, derived: undefined, name, ...args, __provider },
      opts,
    );
  }
}

const AsyncFunction = (async () => undefined).constructor;
module.exports = new AsyncFunction("pulumi", "Thing", process.env.SCRIPT)(pulumi, Thing);
