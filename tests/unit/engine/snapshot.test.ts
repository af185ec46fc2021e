import { describe, expect, test } from "vitest";
import type { StackStore } from "../../../engine/backend/backend.js";
import { GroupCommit } from "../../../engine/snapshot/group-commit.js";
import { SnapshotManager } from "../../../engine/snapshot/manager.js";
import { emptySnapshot } from "../../../engine/state/manifest.js";
import type { ResourceState, Snapshot } from "../../../engine/state/model.js";
import { makeUrn } from "../../../engine/urn.js";

const urn = (name: string): string => makeUrn("s", "p", "", "t:m:T", name);
const resource = (name: string, more: Partial<ResourceState> = {}): ResourceState => ({
  urn: urn(name),
  type: "t:m:T",
  custom: true,
  ...more,
});

describe("group commit", () => {
  test("a caller waits for a write that began after its change; writes never overlap", async () => {
    let version = 0;
    let written = 0;
    let open = 0;
    let writes = 0;
    const commits = new GroupCommit(async () => {
      const seen = version;
      writes++;
      expect(++open).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      open--;
      written = seen;
    });
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await new Promise((resolve) => setTimeout(resolve, i % 13));
        const own = ++version;
        await commits.commit();
        expect(written).toBeGreaterThanOrEqual(own);
      }),
    );
    expect(writes).toBeLessThan(15);
  });

  test("after a failure nothing counts as written", async () => {
    let calls = 0;
    const commits = new GroupCommit(() => {
      calls++;
      return Promise.reject(new Error("disk full"));
    });
    const first = commits.commit();
    await expect(first).rejects.toThrow("disk full");
    await expect(commits.commit()).rejects.toThrow("disk full");
    expect(calls).toBe(1);
  });
});

function manager(base: Partial<Snapshot>): { snapshots: SnapshotManager; saved: Snapshot[] } {
  const saved: Snapshot[] = [];
  const store = {
    save: async (snapshot: Snapshot) => void saved.push(snapshot),
  } as unknown as StackStore;
  return { snapshots: new SnapshotManager(store, { ...emptySnapshot(), ...base }), saved };
}

describe("the snapshot", () => {
  test("holds what is done, then what is untouched, and what is under way", async () => {
    const [a, b, c] = [resource("a"), resource("b"), resource("c")];
    const { snapshots, saved } = manager({ resources: [a, b] });
    await snapshots.begin(c, "creating");
    expect(
      saved.at(-1)?.pendingOperations.map(({ type, resource: { urn: of } }) => [type, of]),
    ).toEqual([["creating", c.urn]]);
    c.id = "made";
    await snapshots.end(c, () => snapshots.markNew(c));
    const next = resource("b", { id: "same" });
    snapshots.record(b, next, false);
    await snapshots.commit();
    expect(saved.at(-1)?.resources.map(({ urn: of, id }) => [of, id])).toEqual([
      [c.urn, "made"],
      [b.urn, "same"],
      [a.urn, undefined],
    ]);
    expect(saved.at(-1)?.pendingOperations).toEqual([]);
    // What was handed out is never changed afterwards.
    expect(saved[0]?.pendingOperations[0]?.resource.id).toBeUndefined();
  });

  test("unchanged resources are the same objects in every write", async () => {
    const a = resource("a");
    const { snapshots, saved } = manager({ resources: [a] });
    await snapshots.commit();
    await snapshots.commit();
    expect(saved[1]?.resources[0]).toBe(saved[0]?.resources[0]);
    a.delete = true;
    await snapshots.commit();
    expect(saved[2]?.resources[0]).not.toBe(saved[0]?.resources[0]);
    expect(saved[0]?.resources[0]?.delete).toBeUndefined();
  });

  test("creations left pending stay, also when the resource is made; other operations are settled", async () => {
    const left = [
      { resource: resource("x"), type: "creating" as const },
      { resource: resource("y"), type: "deleting" as const },
    ];
    const { snapshots, saved } = manager({ pendingOperations: left });
    await snapshots.flush();
    expect(saved.at(-1)?.pendingOperations).toEqual([left[0]]);
    const made = resource("x", { id: "made" });
    await snapshots.begin(made, "creating");
    await snapshots.end(made, () => snapshots.markNew(made));
    expect(saved.at(-1)?.pendingOperations).toEqual([left[0]]);
    const written = saved.length;
    await snapshots.flush();
    expect(saved).toHaveLength(written);
  });

  test("after a rename every reference is to the new name", async () => {
    const old = resource("old");
    const user = resource("user", {
      parent: old.urn,
      dependencies: [old.urn],
      propertyDependencies: { x: [old.urn], y: [] },
      deletedWith: old.urn,
      replaceWith: [old.urn],
      provider: `${old.urn}::id`,
    });
    const { snapshots, saved } = manager({ resources: [old, user] });
    const renamed = resource("new");
    snapshots.renamed(old.urn, renamed.urn);
    snapshots.record(old, renamed, true);
    await snapshots.flush();
    expect(saved[0]?.resources[1]).toEqual({
      ...user,
      urn: makeUrn("s", "p", renamed.urn, "t:m:T", "user"),
      parent: renamed.urn,
      dependencies: [renamed.urn],
      propertyDependencies: { x: [renamed.urn], y: [] },
      deletedWith: renamed.urn,
      replaceWith: [renamed.urn],
      provider: `${renamed.urn}::id`,
    });
  });

  test("what has not been registered yet moves with its parent, and so do its own children", async () => {
    const home = makeUrn("s", "p", "", "t:m:Home", "home");
    const below = (parent: string, name: string): ResourceState =>
      resource(name, { parent, urn: makeUrn("s", "p", parent, "t:m:T", name) });
    const old = resource("parent", { custom: false });
    const [now, child] = [below(home, "parent"), below(old.urn, "child")];
    const [grandchild, user] = [below(child.urn, "grandchild"), resource("user")];
    user.dependencies = [child.urn];
    const { snapshots, saved } = manager({ resources: [old, child, grandchild, user] });
    snapshots.renamed(old.urn, now.urn);
    snapshots.record(old, now, true);
    await snapshots.flush();
    const [newChild, newGrandchild] = [
      below(now.urn, "child"),
      below(below(now.urn, "child").urn, "grandchild"),
    ];
    expect(saved[0]?.resources).toEqual([
      now,
      newChild,
      newGrandchild,
      { ...user, dependencies: [newChild.urn] },
    ]);
    // It may still be registered elsewhere.
    const elsewhere = resource("child");
    snapshots.renamed(child.urn, elsewhere.urn);
    snapshots.record(child, elsewhere, true);
    await snapshots.flush();
    expect(saved[1]?.resources.map(({ urn: of }) => of)).toEqual([
      now.urn,
      elsewhere.urn,
      below(elsewhere.urn, "grandchild").urn,
      user.urn,
    ]);
  });

  test("an abandoned snapshot writes nothing more", async () => {
    const { snapshots, saved } = manager({});
    snapshots.abandon();
    await snapshots.begin(resource("a"), "creating");
    await snapshots.flush();
    expect(saved).toEqual([]);
  });
});
