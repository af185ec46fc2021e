import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addressProblem,
  commandLine,
  nameProblem,
  pathProblem,
  scriptText,
  userProblem,
} from "../../../provider/host/command.js";
import { NASTY_STRINGS } from "./nasty-strings.js";

/** Runs a command line through a real shell and gives back the arguments that the program saw. */
function argumentsSeen(args: readonly string[]): string[] {
  const line = commandLine(["printf", "%s\\0", ...args]);
  const out = execFileSync("sh", ["-c", line], { encoding: "buffer" });
  return out.toString("utf8").split("\0").slice(0, -1);
}

describe("command", () => {
  it("carries nasty strings through a shell byte for byte", () => {
    expect(argumentsSeen(NASTY_STRINGS)).toEqual(NASTY_STRINGS);
  });

  it("carries any argv through a shell byte for byte", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({
        unit: fc.constantFrom("'", '"', "\\", "$", "`", "\n", " ", "!", "~", "*", "-", "=", "a"),
      }),
    );
    fc.assert(
      fc.property(
        fc.array(
          text.filter((s) => !s.includes("\0") && Buffer.from(s).toString() === s),
          { minLength: 1, maxLength: 8 },
        ),
        (args) => {
          expect(argumentsSeen(args)).toEqual(args);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("never lets an assignment or an option stand where the program belongs", () => {
    expect(commandLine(["A=b", "c"])).toBe("PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin 'A=b' c");
    expect(() => commandLine(["-c", "x"])).toThrow("a program's name cannot begin with '-'");
    expect(() => commandLine([])).toThrow("a command needs a program");
    expect(() => commandLine(["echo", "a\0b"])).toThrow("an argument cannot hold a NUL byte");
  });

  it("puts sudo before the words and asks for no password", () => {
    expect(commandLine(["ip", "link"], { sudo: true })).toBe(
      "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin sudo -n -- ip link",
    );
  });

  it("gives a script's commands an empty standard input and keeps its exit code", () => {
    const script = 'cat; printf "%s|" "$@"; exit 7';
    let code = 0;
    let out = "";
    try {
      execFileSync("sh", ["-s", "--", "a b", "-n"], {
        input: scriptText(script),
        encoding: "utf8",
      });
    } catch (error) {
      code = (error as { status: number }).status;
      out = (error as { stdout: string }).stdout;
    }
    expect({ code, out }).toEqual({ code: 7, out: "a b|-n|" });
  });

  it.each(NASTY_STRINGS.filter((s) => !/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(s)))(
    "refuses %j as a name",
    (value) => {
      expect(nameProblem(value)).toMatch(/^must /);
    },
  );

  it.each(["-oProxyCommand=x", "a b", "", "root\n", "a;b", "$(id)", 7])(
    "refuses %j as a user",
    (value) => {
      expect(userProblem(value)).toMatch(/^must /);
    },
  );

  it.each(["-oProxyCommand=x", "a b", "", "host\n", "a;b", "$(id)", "a/b", null])(
    "refuses %j as an address",
    (value) => {
      expect(addressProblem(value)).toMatch(/^must /);
    },
  );

  it.each(["10.0.0.1", "web-1.example.org", "::1", "[fe80::1%eth0]", "h1"])(
    "takes %j as an address",
    (value) => {
      expect(addressProblem(value)).toBeUndefined();
    },
  );

  it("takes absolute paths without control characters only", () => {
    expect(pathProblem("/var/run/docker.sock")).toBeUndefined();
    expect(pathProblem("docker.sock")).toBe("must be an absolute path");
    expect(pathProblem("/a\nb")).toBe("must not hold control characters");
  });
});
