import { readFile } from "node:fs/promises";
import { Document, isMap, parseDocument } from "yaml";
import { isMissing, writeAtomically } from "../backend/files.js";
import { EngineError } from "../errors.js";

/** A YAML file that is edited in place: comments and the order of keys stay. */
export class YamlFile {
  readonly path: string;
  readonly document: Document;

  private constructor(path: string, document: Document) {
    this.path = path;
    this.document = document;
  }

  /** A file that is not there reads as empty. */
  static async read(path: string): Promise<YamlFile> {
    let text = "";
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    const document = parseDocument(text);
    const [problem] = document.errors;
    if (problem) {
      throw new EngineError("invalid-input", `${path} is not YAML: ${problem.message}`);
    }
    if (document.contents !== null && !isMap(document.contents)) {
      throw new EngineError("invalid-input", `${path} must be a map`);
    }
    return new YamlFile(path, document);
  }

  toData(): Record<string, unknown> {
    return (this.document.toJS() ?? {}) as Record<string, unknown>;
  }

  async write(): Promise<void> {
    const empty = this.document.contents === null && !this.document.commentBefore;
    const text = empty ? "" : this.document.toString({ lineWidth: 0 });
    await writeAtomically(this.path, [Buffer.from(text)]);
  }
}
