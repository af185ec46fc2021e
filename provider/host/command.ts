/**
 * The only place where a shell string is built. Everything else passes argv arrays; values that are not names
 * travel by standard input. sshd hands a command to the login user's shell, so POSIX quoting is not optional.
 */

/** Non-interactive logins often lack the sbin folders, where ip, iptables and ipset live. */
const SEARCH_PATH = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin";

/** One argument as a POSIX shell word that yields exactly these bytes. */
export function quoteArgument(value: string): string {
  if (value.includes("\0")) throw new RangeError("an argument cannot hold a NUL byte");
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(value)) return value;
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

/** The command line for argv, with sbin on the PATH; `sudo` never asks for a password. */
export function commandLine(argv: readonly string[], options: { sudo?: boolean } = {}): string {
  const program = argv[0];
  if (program === undefined || program === "") throw new RangeError("a command needs a program");
  if (program.startsWith("-")) throw new RangeError("a program's name cannot begin with '-'");
  const words = options.sudo ? ["sudo", "-n", "--", ...argv] : [...argv];
  // `env` would be found and run before the PATH is set; an assignment before the words is POSIX and costs nothing.
  return `${SEARCH_PATH} ${words.map(quoteArgument).join(" ")}`;
}

/**
 * A script as text for `sh -s`: the shell reads it whole before running it, and the commands in it find an empty
 * standard input instead of eating the rest of the script.
 */
export function scriptText(script: string): string {
  return `${SEARCH_PATH}; export PATH\nclocker_main() {\n${script}\n}\nclocker_main "$@" </dev/null\n`;
}

/** The same for `sh -c`, whose standard input stays free for data. */
export function scriptTextWithInput(script: string): string {
  return `${SEARCH_PATH}; export PATH\n${script}\n`;
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;
const USER = /^[a-zA-Z_][a-zA-Z0-9_.-]{0,31}\$?$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9_.-]{0,252})|\[?[0-9a-fA-F:]*:[0-9a-fA-F:.]*(?:%[a-zA-Z0-9_.-]+)?\]?)$/;

/** Why a name of ours (host, container, network, volume, lock) cannot be used, or undefined. */
export function nameProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return "must be text";
  if (!NAME.test(value))
    return "must begin with a letter or digit and have at most 63 letters, digits, '_', '.' or '-'";
  return undefined;
}

/** Why a login name cannot be used, or undefined. */
export function userProblem(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return "must be a user name";
  if (value.startsWith("-")) return "must not begin with '-'";
  if (!USER.test(value)) return "must be a user name: letters, digits, '_', '.' or '-'";
  return undefined;
}

/** Why an address cannot be used, or undefined. Nothing is resolved. */
export function addressProblem(value: unknown): string | undefined {
  if (typeof value !== "string" || value === "") return "must be a host name or an IP address";
  if (value.startsWith("-")) return "must not begin with '-'";
  if (!HOST.test(value)) return "must be a host name or an IP address";
  return undefined;
}

/** Why a path on a host cannot be used, or undefined. */
export function pathProblem(value: unknown): string | undefined {
  if (typeof value !== "string" || !value.startsWith("/")) return "must be an absolute path";

  if (/[\u0000-\u001f\u007f]/.test(value)) return "must not hold control characters";
  return undefined;
}
