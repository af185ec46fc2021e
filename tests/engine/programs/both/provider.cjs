// Nothing but what the program beside it asks for.
exports.thing = {
  async check(_olds, news) {
    const failures = news.refuse ? [{ property: "refuse", reason: news.refuse }] : [];
    return { inputs: news, failures };
  },
  async create(inputs) {
    if (inputs.unwell) {
      const properties = { ...inputs, made: "half" };
      throw Object.assign(new Error(inputs.unwell), { id: "id", properties, reasons: ["why"] });
    }
    return { id: `id-${inputs.name}`, outs: { ...inputs, made: `made-${inputs.name}` } };
  },
};
