import { join } from "node:path";
import { EngineError } from "../errors.js";

/** The DIY backend has no organizations and always says this one. */
export const ORGANIZATION = "organization";

const NAME = /^[A-Za-z0-9_.-]{1,100}$/;

/** Names become parts of paths and of URNs. */
export function checkName(kind: "stack" | "project", name: string): void {
  if (NAME.test(name) && name !== "." && name !== "..") return;
  throw new EngineError("invalid-input", `${JSON.stringify(name)} is no name for a ${kind}`, {
    hint: "A name has up to 100 letters, digits, hyphens, underscores and dots.",
  });
}

/** Where the files of one stack are (pulumi/pulumi pkg/backend/diy/store.go, project layout). */
export class StackLayout {
  readonly stacks: string;
  readonly checkpoint: string;
  readonly tags: string;
  readonly locks: string;
  readonly history: string;
  readonly backups: string;
  readonly qualifiedName: string;

  constructor(root: string, project: string, stack: string) {
    checkName("project", project);
    checkName("stack", stack);
    const base = join(root, ".pulumi");
    this.stacks = join(base, "stacks", project);
    this.checkpoint = join(this.stacks, `${stack}.json`);
    this.tags = join(this.stacks, `${stack}.pulumi-tags`);
    this.locks = join(base, "locks", ORGANIZATION, project, stack);
    this.history = join(base, "history", project, stack);
    this.backups = join(base, "backups", project, stack);
    this.qualifiedName = `${ORGANIZATION}/${project}/${stack}`;
  }
}
