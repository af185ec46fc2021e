import type { EngineEvent, Severity, StepEventMetadata, StepOp } from "../../engine/events.js";
import { sanitize, toLines } from "./text.js";
import { isDefaultProvider, isStackUrn, parseUrn, stackUrn } from "./urn.js";
import type { Action } from "./words.js";

export interface Message {
  severity: Severity;
  text: string;
}

/** What is known of one resource in this operation. */
export interface Row {
  readonly urn: string;
  parent: string | undefined;
  /** The newest step; undefined while only messages or children were seen. */
  step: StepEventMetadata | undefined;
  /** The step of a replacement that says why: its old and new inputs differ. */
  replacement: StepEventMetadata | undefined;
  /** Kinds of steps that have finished. */
  readonly finished: Set<StepOp>;
  isRunning: boolean;
  hasFailed: boolean;
  startedAt: number | undefined;
  endedAt: number | undefined;
  /** Newest message from before the step began: what was decided about the resource. */
  note: string | undefined;
  /** Newest message since the step began: what it is doing. */
  doing: string | undefined;
  readonly messages: Message[];
}

export interface Policy {
  urn: string | undefined;
  level: string;
  name: string;
  message: string;
  pack: string;
  severity: string | undefined;
}

export interface Summary {
  durationSeconds: number;
  changes: Record<string, number>;
  /** Versions by name. */
  policyPacks: Record<string, string>;
}

export interface ProgressOptions {
  action: Action;
  isPreview: boolean;
  project: string;
  stack: string;
  /** Every step of a replacement by itself instead of one word for all. */
  showReplacementSteps?: boolean;
  /** URNs instead of types and names. */
  showUrns?: boolean;
  /** Debug messages, too. */
  showDebug?: boolean;
}

/** What an event changed, for displays that print as they go. */
export type Change =
  | { kind: "started"; row: Row }
  | { kind: "finished"; row: Row }
  | { kind: "failed"; row: Row }
  | { kind: "message"; row: Row; message: Message }
  | { kind: "status"; row: Row }
  | { kind: "output"; text: string }
  | { kind: "none" };

const NONE: Change = { kind: "none" };

/** Follows an operation: takes in engine events and keeps one row for each resource. Pure but for its own fields. */
export class Progress {
  readonly rows = new Map<string, Row>();
  readonly policies: Policy[] = [];
  readonly root: Row;
  summary: Summary | undefined;
  isDone = false;
  hasFailures = false;
  /** When the first event came. */
  beganAt: number | undefined;
  stackOutputs: StepEventMetadata | undefined;
  /** Texts by key, secrets masked. */
  config: Readonly<Record<string, string>> = {};

  constructor(readonly options: ProgressOptions) {
    this.root = this.#row(stackUrn(options.project, options.stack));
  }

  /** Takes in one event that arrived at `now` (milliseconds). */
  apply(event: EngineEvent, now: number): Change {
    this.beganAt ??= now;
    if (event.preludeEvent) this.config = event.preludeEvent.config;
    if (event.resourcePreEvent) return this.#started(event.resourcePreEvent.metadata, now);
    if (event.resOutputsEvent) return this.#finished(event.resOutputsEvent.metadata, now);
    if (event.resOpFailedEvent) return this.#failed(event.resOpFailedEvent.metadata, now);
    if (event.diagnosticEvent) return this.#message(event.diagnosticEvent);
    if (event.stdoutEvent) return { kind: "output", text: sanitize(event.stdoutEvent.message) };
    if (event.policyEvent) {
      const { resourceUrn, enforcementLevel, policyName, message, policyPackName } =
        event.policyEvent;
      this.policies.push({
        urn: resourceUrn === "" ? undefined : resourceUrn,
        level: enforcementLevel,
        name: policyName,
        message,
        pack: policyPackName,
        severity: event.policyEvent.severity,
      });
      return NONE;
    }
    if (event.policyRemediationEvent) {
      const { resourceUrn, policyName, policyPackName } = event.policyRemediationEvent;
      this.policies.push({
        urn: resourceUrn,
        level: "remediate",
        name: policyName,
        message: "",
        pack: policyPackName,
        severity: undefined,
      });
      return NONE;
    }
    if (event.errorEvent) {
      const message: Message = { severity: "error", text: event.errorEvent.error };
      this.root.messages.push(message);
      return { kind: "message", row: this.root, message };
    }
    if (event.summaryEvent) {
      this.summary = {
        durationSeconds: event.summaryEvent.durationSeconds,
        changes: event.summaryEvent.resourceChanges,
        policyPacks: event.summaryEvent.PolicyPacks,
      };
    }
    return NONE;
  }

  /** No event will follow: what still runs was interrupted. */
  finish(): void {
    this.isDone = true;
  }

  #row(urn: string, step?: StepEventMetadata): Row {
    const existing = this.rows.get(urn);
    const parent = step?.new?.parent || step?.old?.parent || undefined;
    if (existing) {
      if (parent !== undefined) existing.parent = this.#parent(parent);
      return existing;
    }
    const row: Row = {
      urn,
      parent: parent === undefined ? undefined : this.#parent(parent),
      step: undefined,
      replacement: undefined,
      finished: new Set(),
      isRunning: false,
      hasFailed: false,
      startedAt: undefined,
      endedAt: undefined,
      note: undefined,
      doing: undefined,
      messages: [],
    };
    this.rows.set(urn, row);
    return row;
  }

  /** Children may come before their parents (a destroy deletes them first): keeps a place for the parent. */
  #parent(urn: string): string {
    if (isStackUrn(urn)) return this.root.urn;
    this.#row(urn);
    return urn;
  }

  #stepRow(step: StepEventMetadata): Row {
    return isStackUrn(step.urn) ? this.root : this.#row(step.urn, step);
  }

  #started(step: StepEventMetadata, now: number): Change {
    if (isDefaultProvider(step.urn)) return NONE;
    const row = this.#stepRow(step);
    this.#take(row, step);
    row.isRunning = true;
    row.startedAt = now;
    row.endedAt = undefined;
    row.doing = undefined;
    return { kind: "started", row };
  }

  #finished(step: StepEventMetadata, now: number): Change {
    if (isDefaultProvider(step.urn)) return NONE;
    const row = this.#stepRow(step);
    if (row === this.root) this.stackOutputs = step;
    this.#take(row, step);
    row.finished.add(step.op);
    row.isRunning = false;
    row.endedAt = now;
    row.doing = undefined;
    return { kind: "finished", row };
  }

  #failed(step: StepEventMetadata, now: number): Change {
    const row = this.#stepRow(step);
    this.#take(row, step);
    row.isRunning = false;
    row.hasFailed = true;
    this.hasFailures = true;
    row.endedAt = now;
    row.doing = undefined;
    return { kind: "failed", row };
  }

  #take(row: Row, step: StepEventMetadata): void {
    row.step = step;
    if (step.op === "replace") row.replacement = step;
  }

  #message(event: NonNullable<EngineEvent["diagnosticEvent"]>): Change {
    if (event.severity === "debug" && this.options.showDebug !== true) return NONE;
    // The prefix repeats the severity, which the display words itself.
    const text = sanitize(event.message);
    const lines = toLines(text);
    const last = lines.at(-1);
    if (last === undefined) return NONE;
    const urn = event.urn ?? "";
    const row = urn === "" || isStackUrn(urn) ? this.root : this.#row(urn);
    if (event.severity === "info") {
      if (row.isRunning && row !== this.root) row.doing = last;
      else row.note = last;
    }
    if (event.ephemeral === true) return { kind: "status", row };
    const message: Message = { severity: event.severity, text };
    row.messages.push(message);
    return { kind: "message", row, message };
  }
}

export const rowName = (row: Row): string => parseUrn(row.urn).name;
