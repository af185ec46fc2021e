import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { transportFor } from "../../../provider/host/pool.js";
import { announce } from "../../../provider/network/announce.js";
import { FakeHosts } from "../../support/fake-transport.js";

describe("announcements", () => {
  let fakes: FakeHosts;
  beforeEach(async () => {
    fakes = await FakeHosts.install("h1");
  });
  afterEach(() => fakes.restore());

  it("of one host go together", async () => {
    const transport = transportFor(fakes.connection("h1"));
    const one = (pid: number) =>
      announce(transport, { pid, address: `10.42.1.${pid}`, network: "app" });
    await Promise.all([one(1), one(2), one(3)]);
    expect(fakes.host("h1").execs.map(({ stdin }) => stdin)).toEqual([
      "1 10.42.1.1 02:42:0a:2a:01:01\n2 10.42.1.2 02:42:0a:2a:01:02\n3 10.42.1.3 02:42:0a:2a:01:03\n",
    ]);
  });

  it("fail for the container that does not have the address, not for the others", async () => {
    fakes.host("h1").onExec(() => ({ code: 1, stdout: "2 10.42.1.2\n" }));
    const transport = transportFor(fakes.connection("h1"));
    const results = await Promise.allSettled(
      [1, 2].map((pid) => announce(transport, { pid, address: `10.42.1.${pid}`, network: "app" })),
    );
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });
});
