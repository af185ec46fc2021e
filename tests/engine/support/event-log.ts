import type { EngineEvent } from "../../../engine/index.js";
import { parseUrn } from "../../../engine/urn.js";
import { nameOf } from "./describe-state.js";

const shown = (urn: string): boolean => {
  const { type } = parseUrn(urn);
  return type !== "pulumi:pulumi:Stack" && !type.startsWith("pulumi:providers:");
};

/** Turns the events of either engine into the words of the recordings. */
export class EventLog {
  readonly ops: string[] = [];
  readonly reasons: string[] = [];
  readonly errors: string[] = [];
  summary: Record<string, number> = {};

  add(event: EngineEvent): void {
    const { resourcePreEvent, resOpFailedEvent, summaryEvent, diagnosticEvent } = event;
    if (resourcePreEvent !== undefined && shown(resourcePreEvent.metadata.urn)) {
      const { op, urn } = resourcePreEvent.metadata;
      this.ops.push(`${op} ${nameOf(urn)}`);
      const reason = reasonOf(resourcePreEvent.metadata);
      if (reason !== "" && op !== "same") this.reasons.push(`${op} ${nameOf(urn)}${reason}`);
    }
    if (resOpFailedEvent !== undefined && shown(resOpFailedEvent.metadata.urn))
      this.ops.push(`FAILED ${nameOf(resOpFailedEvent.metadata.urn)}`);
    if (summaryEvent !== undefined) this.summary = sorted(summaryEvent.resourceChanges ?? {});
    if (diagnosticEvent?.severity === "error") {
      const text = diagnosticEvent.message.replaceAll(/<\{%[^%]*%\}>/g, "").trim();
      this.errors.push((text.split("\n")[0] ?? "").slice(0, 140));
    }
  }
}

function reasonOf({
  keys,
  diffs,
  detailedDiff,
}: NonNullable<EngineEvent["resourcePreEvent"]>["metadata"]): string {
  const detailed = Object.entries(detailedDiff ?? {}).map(
    ([path, { diffKind, inputDiff }]) => `${path}:${diffKind}${inputDiff ? "" : "(output)"}`,
  );
  const part = (word: string, list: readonly string[] | undefined | null): string =>
    list === undefined || list === null || list.length === 0
      ? ""
      : ` ${word}=${[...list].sort().join(",")}`;
  return part("keys", keys) + part("diffs", diffs) + part("detailed", detailed);
}

function sorted(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts)
      .filter(([, n]) => n > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
