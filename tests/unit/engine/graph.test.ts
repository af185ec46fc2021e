import fc from "fast-check";
import { describe, expect, test } from "vitest";
import "../../support/property-seed.js";
import { DependencyGraph } from "../../../engine/graph/dependency-graph.js";
import type { ResourceState } from "../../../engine/state/model.js";
import { expandAliases } from "../../../engine/steps/aliases.js";
import {
  isDefaultProvider,
  makeUrn,
  parseProviderReference,
  parseUrn,
  ROOT_STACK_TYPE,
} from "../../../engine/urn.js";

const urn = (name: string): string => makeUrn("s", "p", "", "t:m:T", name);
const resource = (name: string, more: Partial<ResourceState> = {}): ResourceState => ({
  urn: urn(name),
  type: "t:m:T",
  custom: true,
  ...more,
});
const names = (states: Iterable<ResourceState>): string[] =>
  [...states].map((state) => parseUrn(state.urn).name);

describe("URNs", () => {
  test("children carry their parent's type, those of the stack do not", () => {
    const root = makeUrn("s", "p", "", ROOT_STACK_TYPE, "p-s");
    expect(makeUrn("s", "p", root, "a:b:C", "x")).toBe("urn:pulumi:s::p::a:b:C::x");
    const parent = makeUrn("s", "p", root, "a:b:C", "x");
    const child = makeUrn("s", "p", parent, "d:e:F", "y::z");
    expect(child).toBe("urn:pulumi:s::p::a:b:C$d:e:F::y::z");
    expect(parseUrn(child)).toEqual({
      stack: "s",
      project: "p",
      qualifiedType: "a:b:C$d:e:F",
      type: "d:e:F",
      name: "y::z",
    });
    expect(() => parseUrn("urn:x")).toThrow('"urn:x" is not a URN');
  });

  test("provider references and default providers", () => {
    const provider = makeUrn("s", "p", "", "pulumi:providers:x", "default_1_2_3");
    expect(parseProviderReference(`${provider}::id`)).toEqual({ urn: provider, id: "id" });
    expect(isDefaultProvider(provider)).toBe(true);
    expect(isDefaultProvider(makeUrn("s", "p", "", "pulumi:providers:x", "defaults"))).toBe(false);
    expect(isDefaultProvider(urn("default"))).toBe(false);
  });

  test("aliases, also those a parent's alias brings", () => {
    const parent = makeUrn("s", "p", "", "a:b:C", "app");
    const own = { stack: "s", project: "p", type: "t:m:T", name: "app-db", parent };
    expect(
      expandAliases(
        own,
        [{ name: "old" }, { noParent: true }, { urn: "urn:pulumi:s::p::x::y" }],
        new Map(),
      ),
    ).toEqual([
      "urn:pulumi:s::p::a:b:C$t:m:T::old",
      "urn:pulumi:s::p::t:m:T::app-db",
      "urn:pulumi:s::p::x::y",
    ]);
    const parentAlias = makeUrn("s", "p", "", "a:b:Old", "web");
    const renamed = new Map([[parent, parentAlias]]);
    expect(expandAliases(own, [{ name: "db" }], renamed)).toEqual([
      "urn:pulumi:s::p::a:b:C$t:m:T::db",
      "urn:pulumi:s::p::a:b:Old$t:m:T::web-db",
      "urn:pulumi:s::p::a:b:Old$t:m:T::db",
    ]);
    expect(expandAliases({ ...own, parent: "" }, [{ parentUrn: parent }], renamed)).toEqual([
      "urn:pulumi:s::p::a:b:Old$t:m:T::app-db",
    ]);
  });
});

describe("the dependency graph", () => {
  const a = resource("a");
  const b = resource("b", { dependencies: [urn("a")] });
  const component = resource("c", { custom: false });
  const child = resource("child", { parent: urn("c"), propertyDependencies: { x: [urn("b")] } });
  const user = resource("user", { dependencies: [urn("c")], deletedWith: urn("a") });
  const free = resource("free");
  const graph = new DependencyGraph([a, b, component, child, user, free]);

  test("dependents, in order, with or without children", () => {
    expect(names(graph.dependents([a], () => false, false))).toEqual(["b", "child", "user"]);
    expect(names(graph.dependents([component], () => false, true))).toEqual(["child", "user"]);
    expect(names(graph.dependents([component], () => false, false))).toEqual(["user"]);
    expect(names(graph.dependents([a], (name) => name === urn("b"), false))).toEqual(["user"]);
  });

  test("dependents are those that refer to a root, or to a dependent, that stands earlier", () => {
    const pick = fc.subarray(["a", "b", "c", "d"]);
    const state = fc
      .record({ name: fc.constantFrom("a", "b", "c", "d"), parent: pick, needs: pick })
      .map(({ name, parent, needs }) =>
        resource(name, {
          // No resource is its own ancestor.
          parent: parent.filter((other) => other < name).map(urn)[0] ?? "",
          dependencies: needs.map(urn),
        }),
      );
    const graphs = fc.record({
      states: fc.array(state),
      roots: pick,
      ignored: pick,
      children: fc.boolean(),
    });
    fc.assert(
      fc.property(graphs, ({ states, roots, ignored, children }) => {
        const isRoot = (each: ResourceState): boolean => roots.map(urn).includes(each.urn);
        const ignore = (name: string): boolean => ignored.map(urn).includes(name);
        const reached = new Set<string>();
        const expected = states.filter((each) => {
          const edges = [...(each.dependencies ?? []), ...(children ? [each.parent ?? ""] : [])];
          const depends = !ignore(each.urn) && edges.some((edge) => reached.has(edge));
          if (depends || isRoot(each)) reached.add(each.urn);
          return depends;
        });
        const found = new DependencyGraph(states).dependents(
          states.filter(isRoot),
          ignore,
          children,
        );
        expect(found).toEqual(expected);
      }),
    );
  });

  test("a component stands for its children", () => {
    expect(names(graph.dependencies(user)).sort()).toEqual(["a", "c", "child"]);
    expect(names(graph.allDependencies(child)).sort()).toEqual(["a", "b", "c"]);
  });

  test("but who needs a component does not need its children", () => {
    expect(names(graph.allDependencies(user)).sort()).toEqual(["a", "c"]);
  });

  test("deletions: whoever depends goes first, what is independent goes at once", () => {
    const groups = graph
      .deletionOrder(new Set([a, b, component, child, user, free]))
      .map((group) => names(group).sort());
    expect(groups).toEqual([["user"], ["child"], ["b"], ["a", "c", "free"]]);
  });

  test("deletions: each as late as what depends on it allows, with components and copies", () => {
    const pick = fc.subarray(["a", "b", "c", "d", "e"]);
    const state = fc
      .record({
        name: fc.constantFrom("a", "b", "c", "d", "e"),
        custom: fc.boolean(),
        parent: pick,
        needs: pick,
        isCondemned: fc.boolean(),
      })
      .map(({ name, custom, parent, needs, isCondemned }) => ({
        isCondemned,
        state: resource(name, {
          custom,
          // No resource is its own ancestor.
          parent: parent.filter((other) => other < name).map(urn)[0] ?? "",
          dependencies: needs.map(urn),
        }),
      }));
    fc.assert(
      fc.property(fc.array(state), (list) => {
        const all = new DependencyGraph(list.map((each) => each.state));
        const condemned = new Set(list.flatMap((each) => (each.isCondemned ? each.state : [])));
        const levels = new Map<ResourceState, number>();
        for (const each of condemned) {
          const below = [...all.dependencies(each)].map((other) => levels.get(other) ?? -1);
          levels.set(each, Math.max(-1, ...below) + 1);
        }
        const groups = all.deletionOrder(condemned).reverse();
        expect(groups.flat()).toHaveLength(condemned.size);
        for (const [level, group] of groups.entries())
          expect(group.map((each) => levels.get(each))).toEqual(group.map(() => level));
      }),
    );
  });

  test("two resources of one URN", () => {
    const old = resource("a", { delete: true });
    const second = resource("b", { dependencies: [urn("a")] });
    const both = new DependencyGraph([old, a, second]);
    expect(both.dependencies(second)).toEqual(new Set([old, a]));
  });
});
