import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** What Debian signs its releases with, as every Debian has it. */
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Seconds that a mirror may let wait for a connection, or for more. */
const MIRROR_TIMEOUT_S = 20;

/**
 * Downloads packages of a release of Debian's that may be another than this machine's, from the mirror of this machine's own
 * apt, and unpacks them into `<folder>/root`. apt checks them by Debian's keys. It works in `folder` alone: what the
 * machine's apt and dpkg know stays as it is, and nothing is installed.
 *
 * @param packages as apt-get takes them, e.g. `docker.io=28.*`
 * @param folder exists, and is empty
 * @param signal ends all of it
 * @throws Error with one line that says why they cannot be had
 */
export async function unpackFromDebian(
  release: string,
  packages: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  const mirror = await mirrorOf(signal);
  const config = join(folder, "apt.conf");
  const debs = join(folder, "debs");
  const root = join(folder, "root");
  for (const made of ["lists/partial", "cache/archives/partial", "debs", "root"])
    await mkdir(join(folder, made), { recursive: true });
  await writeFile(config, settings(folder));
  await writeFile(join(folder, "debian.sources"), source(mirror, release));
  await tell(["apt-get", "-q", "-c", config, "update", "--error-on=any"], { signal });
  await tell(["apt-get", "-q", "-c", config, "download", ...packages], { signal, cwd: debs });
  const files = (await tell(["find", debs, "-name", "*.deb"], { signal })).trim().split("\n");
  for (const file of files) await tell(["dpkg-deb", "-x", file, root], { signal });
}

/** Where this machine's apt has Debian's own archive from, which is where other releases are as well. */
async function mirrorOf(signal: AbortSignal): Promise<string> {
  const system = await readFile("/etc/os-release", "utf8");
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)`, "m").exec(system)?.[1] ?? "";
  if (field("ID") !== "debian")
    throw new Error(`this machine's system is ${field("ID")}, not Debian`);
  const format = "$(RELEASE) $(COMPONENT) $(REPO_URI)";
  const targets = await tell(
    [
      ...["apt-get", "indextargets", "--no-release-info", "--format", format],
      "Created-By: Packages",
    ],
    { signal },
  );
  const names = [field("VERSION_CODENAME"), "stable"];
  for (const target of targets.split("\n")) {
    const [release = "", component, mirror] = target.split(" ");
    if (names.includes(release) && component === "main" && mirror !== undefined) return mirror;
  }
  throw new Error("this machine's apt has no source of Debian's own archive");
}

const source = (mirror: string, release: string): string =>
  [
    "Types: deb",
    `URIs: ${mirror}`,
    `Suites: ${release}`,
    "Components: main",
    "Targets: Packages",
    `Signed-By: ${KEYS}`,
    "",
  ].join("\n");

/** Read after the machine's own settings, of which its proxies stay in force. */
const settings = (folder: string): string =>
  `// hooks are for what the machine's own lists and packages become
#clear APT::Update;
APT::Default-Release "";
APT::Get::AllowUnauthenticated "false";
// the folder may be where apt's own user cannot go
APT::Sandbox::User "root";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "${MIRROR_TIMEOUT_S}";
Acquire::https::Timeout "${MIRROR_TIMEOUT_S}";
Dir::Cache "${folder}/cache";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "${folder}/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "${folder}/lists";
Dir::State::status "/dev/null";
`;

/** Runs a command and gives what it says; its failure is one line, the first of its own that tells of an error. */
async function tell(
  [command = "", ...args]: readonly string[],
  options: { signal: AbortSignal; cwd?: string },
): Promise<string> {
  try {
    const env = { ...process.env, LC_ALL: "C" };
    return (await execute(command, args, { ...options, env, killSignal: "SIGKILL" })).stdout;
  } catch (error) {
    if (options.signal.aborted) throw new Error("the mirror takes too long", { cause: error });
    const { stderr = "", message } = error as Error & { stderr?: string };
    const line = /^(?:E|Err|W): *(.*)/m.exec(stderr)?.[1] ?? message.split("\n")[0];
    throw new Error(`${command}: ${line}`, { cause: error });
  }
}
