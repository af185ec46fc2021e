// First thing that `npm run quickstart`, `npm test` and the others start: makes this checkout ready to run, with
// nothing but Node 20, npm and (for the lab) root on Debian or Ubuntu. Says what it installs before it does so, does
// nothing that is done already, and can be interrupted and run again. Plain JavaScript, since nothing is compiled yet.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "./build.mjs";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const NODE_VERSION = "22.23.3";
const NODE_MINIMUM = [22, 13];

/** Debian packages by the command that shows that they are there. */
const LAB_PACKAGES = [
  ["dockerd", "docker.io"],
  ["sshd", "openssh-server"],
  ["ssh-keygen", "openssh-client"],
  ["ip", "iproute2"],
  ["iptables", "iptables"],
  ["ipset", "ipset"],
  ["nft", "nftables"],
  ["dnsmasq", "dnsmasq-base"],
  ["busybox", "busybox-static"],
  ["redis-server", "redis-server"],
  ["arping", "iputils-arping"],
  ["ping", "iputils-ping"],
  ["sudo", "sudo"],
  ["ps", "procps"],
];
/** What the quickstart's two images are made of. */
const IMAGE_PACKAGES = LAB_PACKAGES.filter(
  ([command]) => command === "redis-server" || command === "busybox",
);
/** What the network drivers and name servers under test need of a host. */
const DRIVER_PACKAGES = [
  ["wg", "wireguard-tools"],
  ["wireguard-go", "wireguard-go"],
  ["ovs-vswitchd", "openvswitch-switch"],
  ["/usr/lib/cni/bridge", "containernetworking-plugins"],
  ["python3", "python3"],
  ["named", "bind9"],
  ["nsupdate", "bind9-dnsutils"],
];
/** PID 1 of the hosts that are tested with it. It is not started here. */
const INIT_PACKAGES = [["systemctl", "systemd"]];
const BENCH_PACKAGES = [["iperf3", "iperf3"]];

const say = (text) => process.stderr.write(`${text}\n`);

/** Ends with a sentence and no stack: what is missing, and what to do. */
function fail(...lines) {
  for (const line of lines) say(line);
  process.exit(1);
}

function hash(...files) {
  const sum = createHash("sha256");
  for (const file of files) sum.update(readFileSync(join(root, file)));
  return sum.digest("hex");
}

function done(stamp, value) {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === value;
}

function stamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}

/** Runs quietly; shows the output only when the command fails. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  if (result.status === 0) return;
  if (result.signal) process.exit(130);
  fail(
    `${command} ${args.join(" ")} failed${result.status === null ? `: ${result.error}` : ` with exit code ${result.status}`}:`,
    `${result.stdout ?? ""}${result.stderr ?? ""}`.trim(),
  );
}

function npmPackages() {
  const wanted = hash("package-lock.json");
  const file = join(root, "node_modules", ".clocker-installed");
  if (done(file, wanted)) return;
  say("Installing npm packages, as locked in package-lock.json ...");
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  stamp(file, wanted);
}

/** The node to run everything with: this one if it is new enough, else Node 22 from npm's `node` package. */
function node() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1]))
    return process.execPath;
  const folder = join(root, ".tools", "node22");
  const binary = join(folder, "node_modules", "node", "bin", "node");
  if (spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout?.trim() === `v${NODE_VERSION}`)
    return binary;
  say(
    `Installing Node ${NODE_VERSION} from npm's package "node" into .tools/, since this Node is ${process.versions.node} ...`,
  );
  mkdirSync(folder, { recursive: true });
  run("npm", [
    "install",
    "--prefix",
    folder,
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    `node@${NODE_VERSION}`,
  ]);
  if (spawnSync(binary, ["--version"]).status !== 0) {
    // npm may be set up not to run install scripts; the platform's own package holds the same binary.
    const platform = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
    run("npm", [
      "install",
      "--prefix",
      folder,
      "--no-audit",
      "--no-fund",
      "--loglevel=error",
      `${platform}@${NODE_VERSION}`,
    ]);
    const own = join(folder, "node_modules", platform, "bin", "node");
    if (spawnSync(own, ["--version"]).status === 0) return own;
    fail(
      `Node 22 could not be installed from npm. Install Node ${NODE_MINIMUM.join(".")} or later and run this again.`,
    );
  }
  return binary;
}

function has(command) {
  return (
    spawnSync("sh", ["-c", 'command -v -- "$1"', "sh", command], {
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    }).status === 0
  );
}

/** With hosts of the user's own, only the images are made here. */
function imagePackages() {
  if (process.platform !== "linux") {
    fail(
      `The quickstart makes its two images from Linux programs of the machine it runs on; this is ${process.platform}.`,
      "Run it on a Linux machine, which may be one of your hosts.",
    );
  }
  const missing = IMAGE_PACKAGES.filter(([command]) => !has(command)).map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid() !== 0 || !has("apt-get")) {
    fail(
      `The quickstart makes its two images from programs of this machine; these packages are missing: ${missing.join(" ")}`,
      `Install them and run this again: sudo apt-get install ${missing.join(" ")}`,
    );
  }
  install(missing);
}

/** What the lab needs of the machine; a sentence for each thing that is missing. */
function labPackages(packages) {
  const own = 'Or use hosts you have: CLOCKER_HOSTS="root@a root@b:2222" npm run quickstart';
  if (process.platform !== "linux") {
    fail(
      `The lab makes Docker hosts in Linux network namespaces; this is ${process.platform}.`,
      own,
    );
  }
  const missing = packages.filter(([command]) => !has(command)).map(([, name]) => name);
  if (process.getuid() !== 0) {
    fail(
      "The lab makes Docker hosts in network namespaces on this machine, which needs root.",
      ...(missing.length > 0 ? [`These packages are missing too: ${missing.join(" ")}`] : []),
      "Run this as root, e.g. with sudo.",
      own,
    );
  }
  if (missing.length === 0) return;
  if (!has("apt-get")) {
    fail(
      `The lab needs these programs, and this system has no apt-get to install them: ${missing.join(" ")}`,
      own,
    );
  }
  install(missing);
}

function install(packages) {
  say(`Installing from the distribution: ${packages.join(" ")} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const args = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
  if (spawnSync("apt-get", args, { env, stdio: "ignore" }).status === 0) return;
  run("apt-get", ["update", "-qq"], { env });
  run("apt-get", args, { env });
}

const [command, ...rest] = process.argv.slice(2);
const labs = {
  quickstart: LAB_PACKAGES,
  test: [...LAB_PACKAGES, ...DRIVER_PACKAGES, ...INIT_PACKAGES],
  bench: [...LAB_PACKAGES, ...DRIVER_PACKAGES, ...BENCH_PACKAGES],
};
if (command === "quickstart" && rest.includes("--down")) {
  // Taking down needs nothing that putting up did not install.
} else if (command === "quickstart" && process.env.CLOCKER_HOSTS?.trim()) imagePackages();
else if (labs[command]) labPackages(labs[command]);
npmPackages();
const nodeBinary = node();
await build(nodeBinary, say);

const entries = {
  quickstart: ["dist/cli/quickstart/main.js"],
  test: ["scripts/test.mjs"],
  bench: ["dist/bench/main.js"],
  clocker: ["dist/cli/main.js"],
};
if (!entries[command])
  fail(`bootstrap: unknown command ${command}; one of ${Object.keys(entries).join(", ")}`);
// The quickstart's stack has a passphrase that it made itself.
const passphrase = join(root, ".clocker", "passphrase");
const hasOwn =
  "PULUMI_CONFIG_PASSPHRASE" in process.env || "PULUMI_CONFIG_PASSPHRASE_FILE" in process.env;
const secrets =
  !hasOwn && existsSync(passphrase) ? { PULUMI_CONFIG_PASSPHRASE_FILE: passphrase } : {};

const child = spawn(nodeBinary, [...entries[command].map((file) => join(root, file)), ...rest], {
  stdio: "inherit",
  // `npm run clocker -- ...` acts on the folder it was called from.
  cwd: command === "clocker" ? (process.env.INIT_CWD ?? process.cwd()) : root,
  env: {
    ...process.env,
    PATH: [
      dirname(nodeBinary),
      join(root, "node_modules/.bin"),
      process.env.PATH,
      "/usr/sbin:/sbin",
    ].join(":"),
    // npm's own settings would make every npm that a program starts behave as if inside this script.
    npm_config_loglevel: undefined,
    ...secrets,
  },
});
// The terminal sends Ctrl-C to the child as well; it decides when to end.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(signal ? 130 : (code ?? 1)));
