// Mutation testing of pure code: changes one small thing at a time in the files of a folder, and lists the changes that no
// test notices. All changes are compiled in at once behind a switch, so that each costs only the tests that reach it.
//   node scripts/mutants.mjs provider/placement tests/unit/placement/a.test.ts tests/property/placement/plan.test.ts
// `--part 2/8` looks at an eighth of the changes, `--only FILE` at those that the file lists, as they were printed.
import { fork } from "node:child_process";
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import ts from "typescript";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "node_modules/.cache/mutants");
const script = fileURLToPath(import.meta.url);
/** A change that makes something run for ever counts as noticed. */
const MOST_SECONDS = 12;
/** Properties are run so often for each change. */
const PROPERTY_RUNS = 20;

const { factory: f, SyntaxKind: K } = ts;
const OPERATORS = new Map([
  [K.LessThanToken, [K.LessThanEqualsToken, K.GreaterThanEqualsToken]],
  [K.LessThanEqualsToken, [K.LessThanToken, K.GreaterThanToken]],
  [K.GreaterThanToken, [K.GreaterThanEqualsToken, K.LessThanEqualsToken]],
  [K.GreaterThanEqualsToken, [K.GreaterThanToken, K.LessThanToken]],
  [K.EqualsEqualsEqualsToken, [K.ExclamationEqualsEqualsToken]],
  [K.ExclamationEqualsEqualsToken, [K.EqualsEqualsEqualsToken]],
  [K.PlusToken, [K.MinusToken]],
  [K.MinusToken, [K.PlusToken]],
  [K.AsteriskToken, [K.SlashToken]],
  [K.SlashToken, [K.AsteriskToken]],
  [K.PlusEqualsToken, [K.MinusEqualsToken]],
  [K.MinusEqualsToken, [K.PlusEqualsToken]],
]);
const DROPPED_CALLS = new Set([
  "filter",
  "sort",
  "reverse",
  "slice",
  "trim",
  "toLowerCase",
  "toUpperCase",
]);
const SWAPPED_CALLS = {
  some: "every",
  every: "some",
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
};

/** What an expression may be changed into. */
function changesOf(node, parent) {
  if (ts.isBinaryExpression(node)) {
    const { left, right, operatorToken } = node;
    const kind = operatorToken.kind;
    // Most often there only because the type asks for it.
    const forType = ts.isStringLiteral(right) && right.text === "";
    if (kind === K.QuestionQuestionToken && forType) return [right];
    if ([K.AmpersandAmpersandToken, K.BarBarToken, K.QuestionQuestionToken].includes(kind))
      return [left, right];
    const text = [left, right].some(
      (each) => ts.isStringLiteral(each) || ts.isTemplateExpression(each),
    );
    return text && kind === K.PlusToken
      ? []
      : (OPERATORS.get(kind) ?? []).map((other) => f.createBinaryExpression(left, other, right));
  }
  if (ts.isPrefixUnaryExpression(node)) {
    if (node.operator === K.ExclamationToken) return [node.operand];
    if (node.operator === K.PlusPlusToken)
      return [f.createPrefixUnaryExpression(K.MinusMinusToken, node.operand)];
    return [];
  }
  if (ts.isPostfixUnaryExpression(node)) {
    const other = node.operator === K.PlusPlusToken ? K.MinusMinusToken : K.PlusPlusToken;
    return [f.createPostfixUnaryExpression(node.operand, other)];
  }
  if (node.kind === K.TrueKeyword) return [f.createFalse()];
  if (node.kind === K.FalseKeyword) return [f.createTrue()];
  if (ts.isNumericLiteral(node))
    return [f.createNumericLiteral(Number(node.text) === 0 ? 1 : Number(node.text) + 1)];
  // Sentences are asserted word for word: only words that code compares are changed.
  if (ts.isStringLiteral(node)) {
    if (node.text.includes(" ")) return [];
    return node.text === "" ? [f.createStringLiteral("changed")] : [f.createStringLiteral("")];
  }
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse];
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { expression, name } = node.expression;
    if (DROPPED_CALLS.has(name.text)) return [expression];
    const other = SWAPPED_CALLS[name.text];
    if (other)
      return [
        f.createCallExpression(
          f.createPropertyAccessExpression(expression, other),
          undefined,
          node.arguments,
        ),
      ];
  }
  if (ts.isIfStatement(parent) && node === parent.expression)
    return [f.createTrue(), f.createFalse()];
  return [];
}

/** Places where a literal is no expression of its own. */
function isFixed(node, parent) {
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isCaseClause(parent) ||
    ((ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent)) && node === parent.name) ||
    ts.isTaggedTemplateExpression(parent) ||
    // A switch in the middle of a?.b().c would end what `?.` skips.
    (ts.isOptionalChain(parent) && node === parent.expression)
  );
}

/** Compiles a switch round every expression and statement that can be changed. */
function instrument(file, text, mutants) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const note = (node, change) => {
    const original = ts.getOriginalNode(node);
    const at =
      original.pos >= 0
        ? source.getLineAndCharacterOfPosition(original.getStart?.(source) ?? original.pos).line + 1
        : 0;
    const show = (each) =>
      ts
        .createPrinter({ removeComments: true })
        .printNode(ts.EmitHint.Unspecified, each, source)
        .replace(/\s+/g, " ");
    mutants.push({ file, line: at, from: show(node), to: change ? show(change) : "(removed)" });
    return mutants.length - 1;
  };
  const on = (id) =>
    f.createBinaryExpression(
      f.createIdentifier("__on.id"),
      K.EqualsEqualsEqualsToken,
      f.createNumericLiteral(id),
    );
  const reach = (first, last) => f.createIdentifier(`__on.reach(${first}, ${last})`);
  const transformer = (context) => {
    const visit = (node, parent) => {
      const inner = ts.visitEachChild(node, (child) => visit(child, node), context);
      if (
        ts.isExpressionStatement(node) &&
        (ts.isCallExpression(node.expression) || ts.isBinaryExpression(node.expression))
      ) {
        if (
          ts.isCallExpression(node.expression) &&
          node.expression.expression.kind === K.SuperKeyword
        )
          return inner;
        const id = note(node);
        // In a block of its own, or an `else` that follows would become its.
        const kept = f.createIfStatement(
          f.createBinaryExpression(
            reach(id, id),
            K.AmpersandAmpersandToken,
            f.createPrefixUnaryExpression(K.ExclamationToken, on(id)),
          ),
          f.createBlock([inner]),
        );
        return f.createBlock([kept]);
      }
      if (!ts.isExpression(node) || isFixed(node, parent)) return inner;
      if (
        ts.isExpressionStatement(parent) ||
        (ts.isForStatement(parent) && node === parent.initializer)
      )
        return inner;
      const changes = changesOf(node, parent);
      if (changes.length === 0) return inner;
      const ids = changes.map((change) => note(node, change));
      let result = inner;
      for (const [i, change] of changes.entries()) {
        result = f.createConditionalExpression(
          on(ids[i]),
          undefined,
          f.createParenthesizedExpression(change),
          undefined,
          f.createParenthesizedExpression(result),
        );
      }
      return f.createParenthesizedExpression(f.createComma(reach(ids[0], ids.at(-1)), result));
    };
    return (file) => ts.visitEachChild(file, (child) => visit(child, file), context);
  };
  return compile(text, { after: [transformer] });
}

function compile(text, transformers) {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const { outputText } = ts.transpileModule(text, { compilerOptions, transformers });
  // A CommonJS module whose names Node does not find by reading it.
  return outputText.replace(
    /import (\{.*\}) from "ssh2";/,
    'import ssh2 from "ssh2"; const $1 = ssh2;',
  );
}

/** Everything compiled into a folder of its own; the answer is what can be changed. */
function build(folder, tests) {
  rmSync(out, { recursive: true, force: true });
  const mutants = [];
  for (const file of globSync(
    [
      "provider/**/*.ts",
      "tests/unit/placement/{make,plan-world}.ts",
      "tests/property/**/*.ts",
      ...tests,
    ],
    { cwd: root },
  )) {
    const text = readFileSync(join(root, file), "utf8");
    const code = file.startsWith(`${folder}/`)
      ? instrument(file, text, mutants)
      : compile(text)
          .replace(
            /from "vitest"/,
            `from ${JSON.stringify(pathToFileURL(join(out, "vitest.mjs")).href)}`,
          )
          .replace(/numRuns: \d+/g, `numRuns: ${PROPERTY_RUNS}, seed: 1, endOnFailure: true`);
    const target = join(out, file.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  writeFileSync(join(out, "vitest.mjs"), SHIM);
  return mutants;
}

/** As much of vitest as the tests use. */
const SHIM = `
import { expect } from "vitest";
import { format } from "node:util";
const tests = (globalThis.__tests = globalThis.__tests ?? []);
const each = (run) => (table) => (name, body) => {
  for (const row of table) {
    const values = Array.isArray(row) ? row : [row];
    run(format(name, ...values), () => body(...values));
  }
};
const it = (name, run) => void tests.push({ name, run });
it.each = each(it);
const describe = (_name, body) => void body();
describe.each = each(describe);
const hooks = (globalThis.__afterEach = globalThis.__afterEach ?? []);
const afterEach = (run) => void hooks.push(run);
export { afterEach, describe, expect, it };
`;

/** A process that runs the tests on one change after the other. */
async function work(first, tests) {
  const reached = new Set();
  globalThis.__on = {
    id: first,
    reach(from, to) {
      for (let id = from; id <= to; id++) reached.add(id);
      return true;
    },
  };
  try {
    for (const test of tests) await import(pathToFileURL(join(out, test.replace(/\.ts$/, ".js"))));
  } catch (error) {
    if (first < 0) throw error;
    return process.send({ failed: true });
  }
  const all = globalThis.__tests;
  if (first >= 0) {
    for (const test of all) if (!(await passes(test))) return process.send({ failed: true });
    return process.send({ failed: false });
  }
  const onLoad = [...reached];
  for (const test of all) {
    reached.clear();
    const start = performance.now();
    if (!(await passes(test)))
      throw new Error(`without any change: ${test.name} fails`, { cause: test.error });
    test.took = performance.now() - start;
    test.reaches = new Set(reached);
  }
  all.sort((a, b) => a.took - b.took);
  process.send({
    ready: true,
    onLoad,
    reached: [...new Set(all.flatMap((test) => [...test.reaches]))],
  });
  process.on("message", async (id) => {
    globalThis.__on.id = id;
    let failed = false;
    for (const test of all) if (!failed && test.reaches.has(id)) failed = !(await passes(test));
    process.send({ failed });
  });
}

async function passes(test) {
  try {
    await test.run();
    return true;
  } catch (error) {
    test.error = error;
    return false;
  } finally {
    for (const run of globalThis.__afterEach) await run();
  }
}

async function main(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { part: { type: "string", default: "1/1" }, only: { type: "string" } },
  });
  const only = values.only && new Set(readFileSync(values.only, "utf8").split("\n"));
  const [part, parts] = values.part.split("/").map(Number);
  const [folder, ...tests] = positionals;
  const mutants = build(folder, tests);
  // What happens when a module is loaded needs a process for each change; there the properties would take too long.
  const tables = tests.filter((test) => !test.startsWith("tests/property/"));
  const start = (id) =>
    fork(script, ["--worker", String(id), ...(id < 0 ? tests : tables)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  const answer = (child, seconds = 300) =>
    new Promise((done) => {
      const end = (result) => {
        clearTimeout(timer);
        child.removeAllListeners();
        done(result);
      };
      const timer = setTimeout(() => end({ failed: true, stuck: true }), seconds * 1000);
      child.once("message", end).once("exit", () => end({ failed: true, stuck: true }));
    });
  console.log(`${mutants.length} changes`);
  let worker = start(-1);
  const { onLoad, reached, stuck } = await answer(worker);
  if (stuck) throw new Error("the tests do not pass without any change");
  const counts = { killed: 0, "for ever": 0, survived: 0, "not reached": 0 };
  const inTests = new Set(reached);
  const loaded = new Set(onLoad);
  for (const [id, { file, line, from, to }] of mutants.entries()) {
    const text = `${relative(folder, file)}:${line}: ${from}  ->  ${to}`;
    if (id % parts !== part - 1 || (only && !only.has(text))) continue;
    let fate = "not reached";
    if (inTests.has(id)) {
      worker.send(id);
      const { failed, stuck: hangs } = await answer(worker, MOST_SECONDS);
      fate = hangs ? "for ever" : failed ? "killed" : "survived";
      if (hangs) {
        worker.kill("SIGKILL");
        worker = start(-1);
        await answer(worker);
      }
    } else if (loaded.has(id)) {
      const fresh = start(id);
      fate = (await answer(fresh, 120)).failed ? "killed" : "survived";
      fresh.kill("SIGKILL");
    }
    counts[fate]++;
    if (fate === "survived" || fate === "not reached") console.log(`${fate}: ${text}`);
  }
  worker.kill("SIGKILL");
  console.log(JSON.stringify({ mutants: mutants.length, ...counts }));
}

if (process.argv[2] === "--worker") await work(Number(process.argv[3]), process.argv.slice(4));
else await main(process.argv.slice(2));
