// The provider as a plugin: a server on a free port, whose number is the first line of output.
const { serve } = require("./service.js");

serve({ log: process.env.CALL_LOG, control: process.env.CALL_CONTROL }).then(({ port }) => {
  console.log(port);
});
