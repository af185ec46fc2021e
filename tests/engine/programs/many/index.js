// COUNT resources without a serialised closure; with ORDER=random they are registered in an order of their own.
const pulumi = require("@pulumi/pulumi");

class Thing extends pulumi.CustomResource {
  constructor(name, args, opts) {
    const path = JSON.stringify(require.resolve("./provider.js"));
    const __provider = `exports.handler=()=>require(${path}).thing`;
    super(
      "pulumi-nodejs:dynamic/many:Thing",
      name,
      { made: undefined, name, ...args, __provider },
      opts,
    );
  }
}

const count = Number(process.env.COUNT || "10");
const names = Array.from({ length: count }, (_, i) => `t${i}`);
if (process.env.ORDER === "random") names.sort(() => Math.random() - 0.5);
const first = new Thing("first", { size: 1 });
const all = names.map((name) => {
  const size = Number(process.env.SIZE || "1");
  return new Thing(name, process.env.CHAINED ? { size, after: first.made } : { size });
});
exports.count = all.length;
exports.last = all.length > 0 ? all[all.length - 1].made : first.made;
