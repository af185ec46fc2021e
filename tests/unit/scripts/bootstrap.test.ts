import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../../support/project.js";

const OWN_HOSTS = 'Or use hosts you have: CLOCKER_HOSTS="root@a root@b:2222" npm run quickstart\n';

/** Runs a command of package.json on a machine that is another one in this respect, where it has to end before it does anything. */
function bootstrap(command: string, other: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", `data:text/javascript,${other}`, join(ROOT, "scripts/bootstrap.mjs"), command],
    { encoding: "utf8", env: { ...process.env, CLOCKER_HOSTS: undefined, ...env } },
  );
  return { status, stderr };
}

const ROOT_USER = "process.getuid = () => 0";
const NO_ROOT = "process.getuid = () => 1000";
const MACOS = 'Object.defineProperty(process, "platform", { value: "darwin" })';
/** Neither programs nor a package manager. */
const NOTHING_INSTALLED = { PATH: "/nowhere" };

describe("npm run quickstart on a machine that cannot make hosts", () => {
  it("without root says so, and how to use hosts one has", () => {
    expect(bootstrap("quickstart", NO_ROOT)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(
        new RegExp(
          "^The lab makes Docker hosts in network namespaces on this machine, which needs root\\.\\n" +
            "(These packages are missing too: [a-z0-9 -]+\\n)?Run this as root, e\\.g\\. with sudo\\.\\n",
        ),
      ) as string,
    });
    expect(bootstrap("quickstart", NO_ROOT).stderr.endsWith(OWN_HOSTS)).toBe(true);
  });

  it("on another system says which, and how to use hosts one has", () => {
    for (const command of ["quickstart", "test"])
      expect(bootstrap(command, MACOS)).toEqual({
        status: 1,
        stderr: `The lab makes Docker hosts in Linux network namespaces; this is darwin.\n${OWN_HOSTS}`,
      });
  });

  it("with hosts of one's own needs Linux for the images alone", () => {
    const env = { CLOCKER_HOSTS: "root@a" };
    expect(bootstrap("quickstart", MACOS, env)).toEqual({
      status: 1,
      stderr:
        "The quickstart makes its two images from Linux programs of the machine it runs on; this is darwin.\n" +
        "Run it on a Linux machine, which may be one of your hosts.\n",
    });
  });

  it("names every package where there is no apt-get to install them", () => {
    const { status, stderr } = bootstrap("quickstart", ROOT_USER, NOTHING_INSTALLED);
    expect(status).toBe(1);
    const [missing, ...rest] = stderr.split(/(?<=\n)/);
    expect(missing).toMatch(
      /^The lab needs these programs, and this system has no apt-get to install them: docker\.io openssh-server .*\n$/,
    );
    expect(rest).toEqual([OWN_HOSTS]);
  });
});
