import * as pulumi from "@pulumi/pulumi";

/** Names become labels, file names and DNS names on hosts, so they are checked before anything is made. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;

/** @throws RunError when the name could not stand in a label, a Docker name and a DNS label. */
export function checkName(what: string, name: string): void {
  if (!NAME.test(name)) {
    throw new pulumi.RunError(
      `${what} ${JSON.stringify(name)}: a name has 1 to 63 letters, digits, "-", "_" or ".", and begins with a letter or digit`,
    );
  }
}
