import { describe, expect, it } from "vitest";
import { PlainLines } from "../../../cli/display/plain.js";
import { Progress } from "../../../cli/display/progress.js";
import type { Line } from "../../../cli/display/text.js";
import {
  both,
  done,
  failed,
  note,
  options,
  pre,
  ROOT,
  say,
  screenText,
  stamp,
  summary,
  urnOf,
  type Script,
} from "./events.js";

const H1 = urnOf("DockerHost", "h1");
const WEB0 = urnOf("PlacedContainer", "web-0");
const APP = urnOf("clocker:index:Blueprint", "guestbook");

/** What a pipe receives; time stands still unless the script has numbers, and each of those ticks. */
function run(script: Script, overrides: Parameters<typeof options>[0] = {}): string {
  const settings = options(overrides);
  const progress = new Progress(settings);
  const plain = new PlainLines(progress, settings);
  const lines: Line[] = [...plain.open()];
  let now = 0;
  for (const entry of script) {
    if (typeof entry === "number") {
      now += entry;
      lines.push(...plain.tick(now));
    } else {
      lines.push(...plain.changed(progress.apply(stamp(entry), now), now));
    }
  }
  progress.finish();
  return screenText([...lines, ...plain.close(now)]);
}

describe("plain lines", () => {
  it("say once that a resource starts and once that it is over", () => {
    expect(
      run([
        pre("create", ROOT, { custom: false }),
        pre("create", H1),
        1500,
        done("create", H1),
        ...both("create", APP, { custom: false }),
        note("h1  10.128.1.2  fewest containers (0)", WEB0),
        pre("create", WEB0),
        note("pulling image", WEB0),
        note("starting", WEB0),
        2000,
        done("create", WEB0),
        done("create", ROOT, { custom: false, newOutputs: { url: "http://h1" } }),
        summary({ create: 4 }),
      ]),
    ).toBe(
      `
Updating (dev):
 +  clocker:DockerHost h1 creating
 +  clocker:DockerHost h1 created (1.5s)
 +  clocker:index:Blueprint guestbook created (0.0s)
 +  clocker:PlacedContainer web-0 creating  h1  10.128.1.2  fewest containers (0)
 +  clocker:PlacedContainer web-0 created (2.0s)

Outputs:
  + url: "http://h1"

Resources:
    + 4 created

Duration: 3s
`.trimStart(),
    );
  });

  it("remind of what takes long, ever more rarely, with what it is doing", () => {
    const seconds = Array.from({ length: 65 }, () => 1000);
    const text = run([
      pre("create", WEB0),
      note("pulling image", WEB0),
      ...seconds,
      done("create", WEB0),
    ]);
    expect(text.split("\n").slice(0, -1)).toEqual([
      "Updating (dev):",
      " +  clocker:PlacedContainer web-0 creating",
      " +  clocker:PlacedContainer web-0 still creating (10s)  pulling image",
      " +  clocker:PlacedContainer web-0 still creating (20s)  pulling image",
      " +  clocker:PlacedContainer web-0 still creating (40s)  pulling image",
      " +  clocker:PlacedContainer web-0 created (1m5s)",
    ]);
  });

  it("name the failure where it happens and in full at the end", () => {
    expect(
      run([
        pre("create", WEB0),
        say("error", "host h1: port 80 is taken\nChoose another port.", WEB0),
        1000,
        failed("create", WEB0),
        summary({}, 1),
      ]),
    ).toBe(
      `
Updating (dev):
 +  clocker:PlacedContainer web-0 creating
 +  clocker:PlacedContainer web-0 **creating failed (1.0s)**  host h1: port 80 is taken

Diagnostics:
  clocker:PlacedContainer (web-0):
    error: host h1: port 80 is taken
    Choose another port.

Resources:
    1 failed

Duration: 1s
`.trimStart(),
    );
  });

  it("print what the program says when it says it, and only then", () => {
    expect(
      run([say("info", "hello\nworld"), say("info", "from h1", H1), summary({ same: 1 }, 1)]),
    ).toBe(
      `
Updating (dev):
    hello
    world
    clocker:DockerHost (h1): from h1

Resources:
    1 unchanged

Duration: 1s
`.trimStart(),
    );
  });

  it("are silent about what stays and about steps that are only marks", () => {
    expect(
      run([
        ...both("same", ROOT, { custom: false }),
        ...both("same", H1),
        pre("create-replacement", WEB0),
        done("create-replacement", WEB0),
        ...both("replace", WEB0),
        ...both("delete-replaced", WEB0),
        summary({ same: 2, replace: 1 }, 1),
      ]),
    ).toBe(
      `
Updating (dev):
 ++ clocker:PlacedContainer web-0 creating replacement
 ++ clocker:PlacedContainer web-0 created replacement (0.0s)
 -- clocker:PlacedContainer web-0 deleting original
 -- clocker:PlacedContainer web-0 deleted original (0.0s)

Resources:
    +- 1 replaced
    2 unchanged

Duration: 1s
`.trimStart(),
    );
  });

  it("of a preview are the finished tree, whatever its width", () => {
    const long = `h1  10.128.1.2  ${"x".repeat(200)}`;
    const text = run([note(long, WEB0), pre("create", WEB0), summary({ create: 1 })], {
      isPreview: true,
    });
    expect(text).toContain(` +  └─ clocker:PlacedContainer  web-0     create  ${long}`);
    expect(text.startsWith("Previewing update (dev):\n")).toBe(true);
  });
});
