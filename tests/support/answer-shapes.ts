import { join, relative } from "node:path";
import ts from "typescript";
import { ROOT } from "./project.js";

/** What one place in an answer is, by its type. */
export interface Member {
  /** `list`, `map` (keys are data), or the JavaScript type. */
  kind: string;
  /** It, or something that it is in, may be absent. */
  optional: boolean;
  /** The values that its type names. */
  words: string[];
}

/** An answer by its type: the places in it, named as `shapeOf` names them. */
export type AnswerShape = Map<string, Member>;

const PRINTERS = new Set(["printJson", "printJsonLine"]);

/**
 * All answers that the sources in these folders print with `--json`, by the type of what they print. A key is the file,
 * the function and the printed expression: `cloud/net.ts matrix(all)`.
 */
export function printedAnswers(folders: readonly string[]): Map<string, AnswerShape> {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (file) =>
    ts.sys.readFile(file),
  ) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const roots = folders.flatMap((folder) => ts.sys.readDirectory(join(ROOT, "cli", folder)));
  const program = ts.createProgram(roots, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const answers = new Map<string, AnswerShape>();
  for (const root of roots) {
    const source = program.getSourceFile(root)!;
    const visit = (node: ts.Node, within: string): void => {
      const name = ts.isFunctionDeclaration(node) ? (node.name?.text ?? within) : within;
      if (ts.isCallExpression(node) && PRINTERS.has(node.expression.getText(source))) {
        const [printed] = node.arguments;
        const text = printed!.getText(source).replace(/\s+/g, " ");
        const key = `${relative(join(ROOT, "cli"), root)} ${name}(${text})`;
        answers.set(key, shapeOfType(checker, checker.getTypeAtLocation(printed!), printed!));
      }
      ts.forEachChild(node, (child) => visit(child, name));
    };
    visit(source, "");
  }
  return answers;
}

function shapeOfType(checker: ts.TypeChecker, type: ts.Type, at: ts.Node): AnswerShape {
  const shape: AnswerShape = new Map();
  const add = (path: string, kind: string, optional: boolean, word?: string): void => {
    const known = shape.get(`${path}: ${kind}`);
    const words = [...(known?.words ?? []), ...(word === undefined ? [] : [word])];
    shape.set(`${path}: ${kind}`, { kind, optional: (known?.optional ?? true) && optional, words });
  };
  const walk = (found: ts.Type, path: string, optional: boolean): void => {
    if (found.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Never)) return;
    if (found.isUnion() && !(found.flags & ts.TypeFlags.Boolean)) {
      // Of several objects or lists, an answer has one: what is not in all of them may be absent.
      const parts = found.types.filter((part) => !(part.flags & ts.TypeFlags.Undefined));
      const isOneOf = parts.some((part) => part.flags & ts.TypeFlags.Object) && parts.length > 1;
      for (const part of parts) walk(part, path, optional || isOneOf);
    } else if (found.isStringLiteral()) add(path, "string", optional, found.value);
    else if (found.flags & ts.TypeFlags.StringLike) add(path, "string", optional);
    else if (found.flags & ts.TypeFlags.NumberLike) add(path, "number", optional);
    else if (found.flags & ts.TypeFlags.BooleanLike) add(path, "boolean", optional);
    else if (found.flags & ts.TypeFlags.Null) add(path, "object", true);
    else if (checker.isArrayType(found) || checker.isTupleType(found)) {
      add(path, "list", optional);
      walk(checker.getTypeArguments(found as ts.TypeReference)[0]!, `${path}[]`, optional);
    } else if (checker.getIndexInfoOfType(found, ts.IndexKind.String)) add(path, "map", optional);
    else
      for (const member of checker.getPropertiesOfType(found))
        walk(
          checker.getTypeOfSymbolAtLocation(member, at),
          `${path}.${member.name}`,
          optional || Boolean(member.flags & ts.SymbolFlags.Optional),
        );
  };
  walk(type, "$", false);
  return shape;
}
