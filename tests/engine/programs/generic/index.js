// Registers what SPEC says: see the README of the conformance cases for the meaning of its entries.
const pulumi = require("@pulumi/pulumi");

const provider = {
  async diff(_id, olds, news) {
    const ignored = (key) => key.startsWith("__") || key === "out" || key === "unset";
    const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
      (key) => !ignored(key),
    );
    const changed = keys.filter((key) => JSON.stringify(olds[key]) !== JSON.stringify(news[key]));
    return {
      changes: changed.length > 0,
      replaces: changed.filter((key) => key.startsWith("r")),
      deleteBeforeReplace: Boolean(news.dbr),
    };
  },
  async create(inputs) {
    require("fs").appendFileSync(process.env.CALL_LOG, `create ${inputs.tag}\n`);
    if (inputs.delay) await new Promise((resolve) => setTimeout(resolve, inputs.delay));
    if (inputs.fail) throw new Error("boom");
    return {
      id: `${inputs.tag}-${inputs.rk || 0}`,
      outs: { ...inputs, out: `out-${inputs.rk || 0}` },
    };
  },
  async update(_id, _olds, news) {
    require("fs").appendFileSync(process.env.CALL_LOG, `update ${news.tag}\n`);
    if (news.fail) throw new Error("boom");
    return { outs: { ...news, out: `out-${news.rk || 0}` } };
  },
  async delete(id, props) {
    require("fs").appendFileSync(process.env.CALL_LOG, `delete ${id}\n`);
    if (props.nodel) throw new Error("nodel");
  },
  async read(id, props) {
    require("fs").appendFileSync(process.env.CALL_LOG, `read ${id}\n`);
    const cloud = JSON.parse(process.env.CLOUD || "{}");
    if (cloud[id] === null) return { id: "", props: {} };
    return { id, props: { ...props, ...cloud[id] } };
  },
};

class R extends pulumi.dynamic.Resource {
  constructor(name, args, opts) {
    super(provider, name, { out: undefined, tag: name, ...args }, opts);
  }
}

class C extends pulumi.ComponentResource {
  constructor(name, opts) {
    super("my:m:C", name, {}, opts);
  }
}

const made = new Map();

function argument(value) {
  const match = typeof value === "string" ? /^\$([^.]+)\.(.+)$/.exec(value) : null;
  return match ? made.get(match[1])[match[2]] : value;
}

function options(opts = {}) {
  const result = { ...opts };
  for (const key of ["parent", "deletedWith"]) if (key in opts) result[key] = made.get(opts[key]);
  for (const key of ["dependsOn", "replaceWith"])
    if (key in opts) result[key] = opts[key].map((name) => made.get(name));
  if (opts.aliases) {
    result.aliases = opts.aliases.map((alias) =>
      typeof alias === "object" && alias.parent === null ? { ...alias, parent: undefined } : alias,
    );
  }
  return result;
}

for (const entry of JSON.parse(process.env.SPEC || "[]")) {
  const opts = options(entry.opts);
  if (entry.component) {
    made.set(entry.name, new C(entry.name, opts));
    continue;
  }
  const args = Object.fromEntries(
    Object.entries(entry.args || {}).map(([key, value]) => [key, argument(value)]),
  );
  made.set(entry.name, new R(entry.name, args, opts));
}
