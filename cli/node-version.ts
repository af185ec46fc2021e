/** Refuses an old Node in one sentence. Imported first: what follows would end in a stack trace there. */
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 13)) {
  process.stderr.write(
    `clocker needs Node.js 22.13 or later; this is ${process.version}. Install a newer one, ` +
      "or run it through npx: npx -p node@22 -p pulumi-clocker clocker\n",
  );
  process.exit(1);
}
