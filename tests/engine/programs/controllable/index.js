// The provider as a plugin: a server on a free port, whose number is the first line of output.
const { appendFileSync } = require("node:fs");
const { serve } = require("./service.js");

const { CALL_LOG: log, CALL_CONTROL: control } = process.env;
appendFileSync(log, `started ${process.pid}\n`);
serve({ log, control }).then(({ port }) => {
  console.log(port);
});
