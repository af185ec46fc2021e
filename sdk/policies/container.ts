import type {
  PolicyResource,
  ReportViolation,
  ResourceValidationArgs,
  ResourceValidationPolicy,
} from "@pulumi/policy";
import type {
  ContainerPlace,
  ContainerSpec,
} from "../../provider/resources/placed-container/inputs.js";
import { TYPE_PREFIX } from "../resource.js";

const CONTAINER = `${TYPE_PREFIX}PlacedContainer`;

/** What a policy reads of a container: any part may be unknown in a preview, and is then left out. */
export interface SeenContainer {
  spec: Partial<ContainerSpec>;
  place: Partial<ContainerPlace>;
}

/** The container in a resource, or undefined for any other resource. */
export function containerIn({
  type,
  props,
}: Pick<PolicyResource, "type" | "props">): SeenContainer | undefined {
  if (type !== CONTAINER) return undefined;
  const { spec, place } = props as Partial<SeenContainer>;
  return { spec: spec ?? {}, place: place ?? {} };
}

/** A policy on each container; `validate` reports what is wrong in sentences that begin after the container's name. */
export function containerPolicy<Config extends object>(
  policy: Omit<ResourceValidationPolicy, "validateResource" | "remediateResource">,
  validate: (spec: Partial<ContainerSpec>, config: Partial<Config>) => string[],
): ResourceValidationPolicy {
  return {
    ...policy,
    validateResource: (args: ResourceValidationArgs, report: ReportViolation) => {
      const container = containerIn(args);
      if (!container) return;
      const config = args.getConfig<Partial<Config>>() ?? {};
      for (const problem of validate(container.spec, config)) report(`${args.name}: ${problem}`);
    },
  };
}
