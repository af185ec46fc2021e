import { describe, expect, it } from "vitest";
import { renderFinal, renderFrame } from "../../../cli/display/screen.js";
import {
  both,
  done,
  failed,
  note,
  options,
  play,
  pre,
  ROOT,
  say,
  screenText,
  secret,
  summary,
  urnOf,
  type Script,
} from "./events.js";

const H1 = urnOf("DockerHost", "h1");
const NET = urnOf("VirtualNetwork", "web-net");
const WEB0 = urnOf("PlacedContainer", "web-0");
const WEB1 = urnOf("PlacedContainer", "web-1");
const APP = urnOf("clocker:index:Blueprint", "guestbook");

const preview: Script = [
  pre("create", ROOT, { custom: false }),
  pre("create", H1),
  pre("create", APP, { custom: false }),
  pre("create", NET, { parent: APP }),
  note("h1  10.128.1.2  fewest containers (0)", WEB0),
  pre("create", WEB0, { parent: APP }),
  note("h2  10.128.2.2  fewest containers (0)", WEB1),
  pre("create", WEB1, { parent: APP }),
  done("create", ROOT, {
    custom: false,
    newOutputs: { url: "http://10.0.0.2:8080", key: secret("[secret]") },
  }),
  summary({ create: 6 }),
];

describe("a preview", () => {
  it("ends with the tree, the reason for each container, the outputs and the counts", () => {
    const { progress, now } = play(preview, options({ isPreview: true }));
    progress.finish();
    expect(screenText(renderFinal(progress, options({ isPreview: true }), 100, now))).toBe(
      `
Previewing update (dev):
    Type                           Name       Plan    Info
 +  pulumi:pulumi:Stack            shop-dev   create
 +  ├─ clocker:DockerHost          h1         create
 +  └─ clocker:index:Blueprint     guestbook  create
 +     ├─ clocker:VirtualNetwork   web-net    create
 +     ├─ clocker:PlacedContainer  web-0      create  h1  10.128.1.2  fewest containers (0)
 +     └─ clocker:PlacedContainer  web-1      create  h2  10.128.2.2  fewest containers (0)

Outputs:
  + key: [secret]
  + url: "http://10.0.0.2:8080"

Resources:
    + 6 to create
`.trimStart(),
    );
  });

  it("loses no reason in a narrow terminal: types are shortened and infos go on below", () => {
    const { progress, now } = play(preview, options({ isPreview: true, showOutputs: false }));
    progress.finish();
    const settings = options({ isPreview: true, showOutputs: false });
    expect(screenText(renderFinal(progress, settings, 70, now))).toBe(
      `
Previewing update (dev):
    Type                   Name       Plan    Info
 +  Stack                  shop-dev   create
 +  ├─ DockerHost          h1         create
 +  └─ Blueprint           guestbook  create
 +     ├─ VirtualNetwork   web-net    create
 +     ├─ PlacedContainer  web-0      create  h1  10.128.1.2  fewest
       │                                      containers (0)
 +     └─ PlacedContainer  web-1      create  h2  10.128.2.2  fewest
                                              containers (0)

Resources:
    + 6 to create
`.trimStart(),
    );
  });

  it("shows a replacement as one row that names what forces it", () => {
    const change = {
      old: { image: "web:1", cpus: 1 },
      new: { image: "web:2", cpus: 2 },
      keys: ["image"],
    };
    const { progress, now } = play(
      [
        ...both("same", ROOT, { custom: false }),
        pre("create-replacement", WEB0, change),
        pre("replace", WEB0, change),
        pre("delete-replaced", WEB0, { ...change, new: null }),
        summary({ replace: 1, same: 3 }),
      ],
      options({ isPreview: true }),
    );
    progress.finish();
    expect(screenText(renderFinal(progress, options({ isPreview: true }), 120, now))).toBe(
      `
Previewing update (dev):
    Type                        Name      Plan     Info
    pulumi:pulumi:Stack         shop-dev
 +- └─ clocker:PlacedContainer  web-0     replace  [diff: ~cpus,image; image forces replacement]

Resources:
    +- 1 to replace
    3 unchanged
`.trimStart(),
    );
  });

  it("hides what stays as it is, with its notes, and says so", () => {
    const script: Script = [
      ...both("same", ROOT, { custom: false }),
      note("h1  10.128.1.2  stays", WEB0),
      ...both("same", WEB0),
      summary({ same: 2 }),
    ];
    const { progress, now } = play(script, options({ isPreview: true }));
    progress.finish();
    expect(screenText(renderFinal(progress, options({ isPreview: true }), 100, now))).toBe(
      `
Previewing update (dev):
    Type                 Name      Plan
    pulumi:pulumi:Stack  shop-dev

Resources:
    2 unchanged
`.trimStart(),
    );
    expect(
      screenText(renderFinal(progress, options({ isPreview: true, showSames: true }), 100, now)),
    ).toContain(`    └─ clocker:PlacedContainer  web-0           h1  10.128.1.2  stays`);
  });
});

describe("a destroy", () => {
  it("deletes what an earlier replacement has left: nothing is replaced now", () => {
    const args = { action: "destroy" } as const;
    const { progress, now } = play(
      [...both("delete-replaced", WEB0), ...both("delete", WEB0), ...both("delete-replaced", WEB1)],
      options(args),
    );
    progress.finish();
    const text = screenText(renderFinal(progress, options(args), 100, now));
    expect(text).toContain(" -  ├─ clocker:PlacedContainer  web-0     deleted (0.0s)");
    expect(text).toContain(" -- └─ clocker:PlacedContainer  web-1     deleted original (0.0s)");
  });
});

describe("an update", () => {
  it("that fails as a whole says so of the stack", () => {
    const { progress, now } = play([
      ...both("same", ROOT, { custom: false }),
      say("error", "update failed", ROOT),
    ]);
    progress.finish();
    expect(screenText(renderFinal(progress, options(), 100, now))).toContain(
      "pulumi:pulumi:Stack  shop-dev  **failed**  1 error",
    );
  });

  const running: Script = [
    pre("create", ROOT, { custom: false }),
    pre("create", H1),
    1500,
    done("create", H1),
    note("h1  10.128.1.2  fewest containers (0)", WEB0),
    pre("create", WEB0),
    note("pulling image", WEB0),
    pre("update", WEB1, { old: { spec: "a" }, new: { spec: "b" } }),
    3200,
  ];

  it("shows what each resource is doing and for how long", () => {
    const { progress, now } = play(running);
    expect(screenText(renderFrame(progress, options(), { width: 90, height: 24 }, now))).toBe(
      `
Updating (dev):
    Type                        Name      Status          Info
 +  pulumi:pulumi:Stack         shop-dev  creating (4s)
 +  ├─ clocker:DockerHost       h1        created (1.5s)
 +  ├─ clocker:PlacedContainer  web-0     creating (3s)   pulling image
 ~  └─ clocker:PlacedContainer  web-1     updating (3s)   [diff: ~spec]
`.trim(),
    );
  });

  it("puts what was decided back into the row when the step is over", () => {
    const { progress, now } = play([...running, done("create", WEB0)]);
    expect(screenText(renderFrame(progress, options(), { width: 100, height: 24 }, now))).toContain(
      "web-0     created (3.2s)  h1  10.128.1.2  fewest containers (0)",
    );
  });

  it("cuts rows at the width of the terminal", () => {
    const { progress, now } = play(running);
    expect(screenText(renderFrame(progress, options(), { width: 62, height: 24 }, now))).toBe(
      `
Updating (dev):
    Type                Name      Status          Info
 +  Stack               shop-dev  creating (4s)
 +  ├─ DockerHost       h1        created (1.5s)
 +  ├─ PlacedContainer  web-0     creating (3s)   pulling ima…
 ~  └─ PlacedContainer  web-1     updating (3s)   [diff: ~spe…
`.trim(),
    );
  });

  it("keeps to the height of the terminal: running rows stay, the rest is counted", () => {
    const many = Array.from({ length: 20 }, (_, at) => urnOf("PlacedContainer", `c-${at}`));
    const { progress, now } = play([
      ...both("same", ROOT, { custom: false }),
      ...many.map((urn) => pre("create", urn)),
      1000,
      ...many.slice(0, 18).map((urn) => done("create", urn)),
      2000,
    ]);
    expect(screenText(renderFrame(progress, options(), { width: 80, height: 8 }, now))).toBe(
      `
Updating (dev):
    Type                        Name      Status
    pulumi:pulumi:Stack         shop-dev  running (3s)
 +  ├─ clocker:PlacedContainer  c-0       created (1.0s)
 +  ├─ clocker:PlacedContainer  c-1       created (1.0s)
 +  ├─ clocker:PlacedContainer  c-18      creating (3s)
 +  └─ clocker:PlacedContainer  c-19      creating (3s)
    … 16 more: 16 created
`.trim(),
    );
  });

  it("tells of a failure: the row, the whole message, what was cut short", () => {
    const { progress, now } = play([
      pre("same", ROOT, { custom: false }),
      pre("create", WEB0),
      pre("create", WEB1),
      2000,
      say(
        "error",
        'host h1: no such image "web:9"\n  - pull access denied\nBuild the image on h1 or name a registry.\n',
        WEB0,
      ),
      failed("create", WEB0),
      say("warning", "image web:1 has no health check", WEB1),
      500,
      summary({ same: 1 }, 2.5),
    ]);
    progress.finish();
    expect(screenText(renderFinal(progress, options(), 100, now))).toBe(
      `
Updating (dev):
    Type                        Name      Status                      Info
    pulumi:pulumi:Stack         shop-dev
 +  ├─ clocker:PlacedContainer  web-0     **creating failed (2.0s)**  1 error
 +  └─ clocker:PlacedContainer  web-1     creating (interrupted)      1 warning

Diagnostics:
  clocker:PlacedContainer (web-0):
    error: host h1: no such image "web:9"
      - pull access denied
    Build the image on h1 or name a registry.

  clocker:PlacedContainer (web-1):
    warning: image web:1 has no health check

Resources:
    1 unchanged
    1 failed

Duration: 3s
`.trimStart(),
    );
  });

  it("prints what the program said in full, and a resource's longer infos too", () => {
    const { progress, now } = play([
      ...both("same", ROOT, { custom: false }),
      say("info", "using 3 hosts\n  and a network\n"),
      say("info", "short", WEB0),
      ...both("same", WEB0),
      say("info", "first\nsecond", WEB1),
      ...both("same", WEB1),
      summary({ same: 3 }, 61),
    ]);
    progress.finish();
    expect(screenText(renderFinal(progress, options(), 100, now))).toBe(
      `
Updating (dev):
    Type                        Name      Status  Info
    pulumi:pulumi:Stack         shop-dev          1 message
    ├─ clocker:PlacedContainer  web-0             short
    └─ clocker:PlacedContainer  web-1             second

Diagnostics:
  clocker:PlacedContainer (web-1):
    first
    second

  pulumi:pulumi:Stack (shop-dev):
    using 3 hosts
      and a network

Resources:
    3 unchanged

Duration: 1m1s
`.trimStart(),
    );
  });

  it("shows how outputs change", () => {
    const { progress, now } = play([
      ...both("same", ROOT, {
        custom: false,
        oldOutputs: { url: "http://a", gone: 1, port: 80, key: secret("[secret]") },
        newOutputs: { url: "http://b", port: 80, key: secret("[secret]"), hosts: ["h1", "h2"] },
      }),
      summary({ same: 1 }),
    ]);
    progress.finish();
    expect(screenText(renderFinal(progress, options(), 100, now))).toContain(
      `
Outputs:
  - gone : 1
  + hosts: ["h1", "h2"]
    key  : [secret]
    port : 80
  ~ url  : "http://a" => "http://b"
`.trimStart(),
    );
  });
});

describe("a destroy", () => {
  it("shows children under parents that are deleted after them", () => {
    const { progress, now } = play(
      [
        ...both("delete", WEB0, { parent: APP }),
        ...both("delete", APP, { custom: false }),
        ...both("delete", ROOT, { custom: false }),
        summary({ delete: 3 }),
      ],
      options({ action: "destroy" }),
    );
    progress.finish();
    expect(screenText(renderFinal(progress, options({ action: "destroy" }), 100, now))).toBe(
      `
Destroying (dev):
    Type                           Name       Status
 -  pulumi:pulumi:Stack            shop-dev   deleted
 -  └─ clocker:index:Blueprint     guestbook  deleted (0.0s)
 -     └─ clocker:PlacedContainer  web-0      deleted (0.0s)

Resources:
    - 3 deleted

Duration: 3s
`.trimStart(),
    );
  });
});

describe("a refresh", () => {
  it("keeps the rows of what differs and drops the others", () => {
    const { progress, now } = play(
      [
        pre("refresh", WEB0),
        pre("refresh", WEB1),
        done("update", WEB0, { oldOutputs: { running: true }, newOutputs: { running: false } }),
        done("same", WEB1),
        summary({ update: 1, same: 1 }),
      ],
      options({ action: "refresh" }),
    );
    progress.finish();
    expect(screenText(renderFinal(progress, options({ action: "refresh" }), 100, now))).toBe(
      `
Refreshing (dev):
    Type                        Name      Status          Info
    pulumi:pulumi:Stack         shop-dev
 ~  └─ clocker:PlacedContainer  web-0     updated (0.0s)  [diff: ~running]

Resources:
    ~ 1 updated
    1 unchanged

Duration: 3s
`.trimStart(),
    );
  });
});

describe("an update of something whose inputs are as they were", () => {
  it("takes nothing away before it is done", () => {
    const { progress, now } = play([
      pre("update", WEB0, { oldOutputs: { running: true, problems: ["h2"] } }),
    ]);
    const frame = screenText(renderFinal(progress, options({}), 100, now));
    expect(frame).toContain("web-0");
    expect(frame).not.toContain("diff:");
  });
});
