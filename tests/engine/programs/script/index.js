// Runs the statements in SCRIPT with what a program has at hand.
const pulumi = require("@pulumi/pulumi");

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
