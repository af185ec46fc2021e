// The handlers of the program beside it, loaded by a constant string: see index.js.
const { appendFileSync } = require("node:fs");

const log = (line) => process.env.CALL_LOG && appendFileSync(process.env.CALL_LOG, `${line}\n`);

exports.thing = {
  async check(_olds, news) {
    return { inputs: news };
  },
  async diff(_id, olds, news) {
    return { changes: olds.size !== news.size };
  },
  async create(inputs) {
    log(`create ${inputs.name}`);
    return { id: `id-${inputs.name}`, outs: { ...inputs, made: `made-${inputs.name}` } };
  },
  async update(_id, _olds, news) {
    log(`update ${news.name}`);
    return { outs: { ...news, made: `made-${news.name}` } };
  },
  async delete(id) {
    log(`delete ${id}`);
  },
};
