#!/usr/bin/env node
import "./node-version.js";
import "./keep-compiled.js";
import { runCli } from "./program.js";

// A reader that went away (`clocker ps | head`) must not end an operation in its middle.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

// Connections to hosts do not keep a process alive; a command that waits for one must.
setInterval(() => undefined, 2 ** 30);

void runCli(process.argv.slice(2)).then((code) => {
  // Connections and servers of a finished command must not keep the process; what was written must arrive.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
});
