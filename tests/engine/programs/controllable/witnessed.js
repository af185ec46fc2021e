// The provider as a process that tells its parent what it does: node witnessed.js LOG CONTROL FIRST-NUMBER-OF-IDS
const { serve } = require("./service.js");

const [log, control, firstNumber] = process.argv.slice(2);
const tell =
  (what) =>
  (...details) =>
    process.send([what, ...details]);
const witness = { called: tell("called"), created: tell("created"), deleted: tell("deleted") };
process.once("disconnect", () => process.exit());
serve({ log, control, witness, firstNumber: Number(firstNumber) }).then(({ port }) =>
  tell("port")(port),
);
