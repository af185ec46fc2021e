// Does what its inputs tell it to.
const { appendFileSync, existsSync, writeFileSync } = require("node:fs");

const log = (line) => appendFileSync(process.env.CALL_LOG, `${line}\n`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function partial(id, inputs, message) {
  const properties = { ...inputs, made: `made-${inputs.name}`, __provider: inputs.__provider };
  return Object.assign(new Error(message), { id, properties, reasons: [message] });
}

exports.thing = {
  async check(_olds, news) {
    const failures = news.refuse ? [{ property: "", reason: news.refuse }] : [];
    return { inputs: news, failures };
  },
  async diff(_id, olds, news) {
    const { made: _made, derived: _derived, ...before } = olds;
    return { changes: JSON.stringify(before) !== JSON.stringify(news) };
  },
  async create(inputs) {
    log(`create ${inputs.name} ${process.pid}`);
    if (inputs.delay) await sleep(inputs.delay);
    if (inputs.adopt) {
      // What a crash has left is found by its name.
      log(existsSync(inputs.adopt) ? `adopted ${inputs.name}` : `made ${inputs.name}`);
      writeFileSync(inputs.adopt, "");
      while (process.env.HANG) await sleep(50);
    }
    if (inputs.unwell) throw partial(`id-${inputs.name}`, inputs, "not healthy");
    if (inputs.fail) throw new Error("boom");
    return {
      id: `id-${inputs.name}`,
      outs: { ...inputs, made: `made-${inputs.name}`, derived: `derived from ${inputs.password}` },
    };
  },
  async update(_id, _olds, news) {
    log(`update ${news.name}`);
    if (news.unwell) throw partial(_id, news, "still not healthy");
    return {
      outs: { ...news, made: `made-${news.name}`, derived: `derived from ${news.password}` },
    };
  },
  async delete(id) {
    log(`delete ${id}`);
  },
  async read(id, props) {
    log(`read ${id}`);
    if (props.unreadable) throw new Error(`cannot read ${id}`);
    return { id, props };
  },
};
