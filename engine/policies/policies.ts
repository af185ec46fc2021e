import type { EventStream } from "../deployment/diagnostics.js";
import type { PropertyMap } from "../state/model.js";
import { annotateSecrets, maskSecrets } from "../values/wire.js";
import type { PolicySubject, Verdict, Violation } from "./analyzer.js";
import type { Pack } from "./pack.js";

/** The policy packs of one operation. Each resource is first remediated, pack by pack, then validated by all at once. */
export class Policies {
  readonly #packs: readonly Pack[];
  readonly #events: EventStream;

  constructor(packs: readonly Pack[], events: EventStream) {
    this.#packs = packs;
    this.#events = events;
  }

  /** For the summary: versions by name. */
  get versions(): Record<string, string> {
    return Object.fromEntries(this.#packs.map(({ eventName, info }) => [eventName, info.version]));
  }

  close(): void {
    for (const { analyzer } of this.#packs) analyzer.close();
  }

  /**
   * The properties as the policies want them. What was secret stays so: policies see and return plain values. `quiet`: it was
   * reported before.
   */
  async remediate(subject: PolicySubject, { quiet = false } = {}): Promise<PropertyMap> {
    let { properties } = subject;
    const { urn } = subject.state;
    for (const pack of this.#packs) {
      const current = { ...subject, properties };
      const { remediations, notApplicable } = await pack.analyzer.remediate(current);
      for (const { policy, properties: after, diagnostic } of remediations) {
        if (diagnostic !== "") {
          const violation = { policy, message: diagnostic, severity: "", urn };
          if (!quiet) this.#violation(pack, { ...violation, level: "advisory" }, urn);
          continue;
        }
        const sealed = annotateSecrets(after, properties);
        const before = properties;
        properties = sealed;
        if (quiet) continue;
        this.#events.emit({
          policyRemediationEvent: {
            resourceUrn: urn,
            color: "never",
            policyName: policy,
            ...identity(pack),
            before: maskSecrets(before),
            after: maskSecrets(sealed),
          },
        });
      }
      if (quiet) continue;
      const failed = remediations.map(({ policy }) => policy);
      this.#events.emit({
        policyRemediateSummaryEvent: {
          resourceUrn: urn,
          ...identity(pack),
          ...summary(pack, "resource", failed, notApplicable),
        },
      });
    }
    return properties;
  }

  /** True when a mandatory policy is violated. */
  async analyze(subject: PolicySubject): Promise<boolean> {
    const { urn } = subject.state;
    const verdicts = await Promise.all(
      this.#packs.map(async (pack) => {
        const verdict = await pack.analyzer.analyze(subject);
        const isMandatory = this.#report(pack, verdict, () => urn);
        this.#events.emit({
          policyAnalyzeSummaryEvent: {
            resourceUrn: urn,
            ...identity(pack),
            ...summaryOf(pack, "resource", verdict),
          },
        });
        return isMandatory;
      }),
    );
    return verdicts.some(Boolean);
  }

  /** The same for the stack as a whole. `rootUrn` takes what belongs to no resource. */
  async analyzeStack(subjects: readonly PolicySubject[], rootUrn: string): Promise<boolean> {
    const urns = new Set(subjects.map(({ state }) => state.urn));
    const verdicts = await Promise.all(
      this.#packs.map(async (pack) => {
        const verdict = await pack.analyzer.analyzeStack(subjects);
        const isMandatory = this.#report(pack, verdict, (urn) => (urns.has(urn) ? urn : rootUrn));
        this.#events.emit({
          policyAnalyzeStackSummaryEvent: {
            ...identity(pack),
            ...summaryOf(pack, "stack", verdict),
          },
        });
        return isMandatory;
      }),
    );
    return verdicts.some(Boolean);
  }

  #report(pack: Pack, { violations }: Verdict, place: (urn: string) => string): boolean {
    let isMandatory = false;
    for (const violation of violations) {
      // What could not be remediated counts as mandatory.
      const level = violation.level === "remediate" ? "mandatory" : violation.level;
      isMandatory ||= level === "mandatory";
      this.#violation(pack, { ...violation, level }, place(violation.urn));
    }
    return isMandatory;
  }

  #violation(pack: Pack, { policy, message, level, severity }: Violation, urn: string): void {
    this.#events.emit({
      policyEvent: {
        resourceUrn: urn,
        message: `${this.#events.withoutSecrets(message)}\n`,
        color: "never",
        policyName: policy,
        ...identity(pack),
        enforcementLevel: level,
        ...(severity === "" ? {} : { severity }),
      },
    });
  }
}

interface Identity {
  policyPackName: string;
  policyPackVersion: string;
  policyPackVersionTag: string;
}

function identity({ info }: Pack): Identity {
  return {
    policyPackName: info.name,
    policyPackVersion: info.version,
    policyPackVersionTag: info.version,
  };
}

function summaryOf(
  pack: Pack,
  kind: "resource" | "stack",
  { violations, notApplicable }: Verdict,
): { passed?: string[]; failed?: string[] } {
  const failed = violations.map(({ policy }) => policy);
  return summary(pack, kind, failed, notApplicable);
}

/** Passed are those of the kind that are not disabled, applied, and had no objection. */
function summary(
  { info, config }: Pack,
  kind: "resource" | "stack",
  failures: readonly string[],
  notApplicable: readonly string[],
): { passed?: string[]; failed?: string[] } {
  const failed = [...new Set(failures)].sort();
  const passed = info.policies
    .filter((policy) => policy.kind === kind || policy.kind === "unknown")
    .filter(({ name, level }) => (config.get(name)?.level ?? level) !== "disabled")
    .map(({ name }) => name)
    .filter((name) => !failed.includes(name) && !notApplicable.includes(name));
  return {
    ...(passed.length === 0 ? {} : { passed }),
    ...(failed.length === 0 ? {} : { failed }),
  };
}
