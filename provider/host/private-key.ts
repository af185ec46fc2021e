import { readFileSync } from "node:fs";
import { utils } from "ssh2";
import { CloudError } from "../errors.js";
import { redact, registerSecret } from "../redact.js";
import type { KeyReference } from "./connection.js";

/** What ssh2 needs to log in. One method, tried once: sshd penalises repetition. */
export type Credentials = { agent: string } | { privateKey: Buffer };

/** Resolves a key reference in this process. The key's text is registered with the redactor. */
export function credentialsFor(key: KeyReference, host: string): Credentials {
  if (key.kind === "agent") {
    const socket = key.socket ?? process.env["SSH_AUTH_SOCK"];
    if (socket) return { agent: socket };
    throw new CloudError("authentication", "no SSH agent: SSH_AUTH_SOCK is not set", {
      host,
      hint: 'Start one (eval $(ssh-agent); ssh-add), or name a key: key: { kind: "file", path: "~/.ssh/id_ed25519" }.',
    });
  }
  const [text, source] =
    key.kind === "file"
      ? [readKeyFile(key.path, host), `key file ${key.path}`]
      : [process.env[key.variable], `variable ${key.variable}`];
  if (!text)
    throw new CloudError("authentication", `${source} is empty or not set`, {
      host,
      hint: "It must hold a private key in OpenSSH or PEM form.",
    });
  registerSecret(text);
  const parsed = utils.parseKey(text);
  if (!(parsed instanceof Error)) return { privateKey: Buffer.from(text) };
  const encrypted = /encrypted|passphrase/i.test(parsed.message);
  throw new CloudError(
    "authentication",
    encrypted
      ? `the private key of ${source} is encrypted`
      : `${source} holds no usable private key`,
    {
      host,
      ...(encrypted ? {} : { reasons: [redact(parsed.message)] }),
      hint: encrypted
        ? 'Add it to an agent (ssh-add) and use key: { kind: "agent" }.'
        : "It must hold a private key in OpenSSH or PEM form.",
    },
  );
}

function readKeyFile(path: string, host: string): string {
  const file = path.startsWith("~/") ? `${process.env["HOME"] ?? ""}${path.slice(1)}` : path;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CloudError("authentication", `cannot read the key file ${path}`, {
      host,
      reasons: [(error as NodeJS.ErrnoException).code ?? "unreadable"],
      hint: "Name a private key that this machine's user can read.",
    });
  }
}
