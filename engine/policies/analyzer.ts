import { credentials, status } from "@grpc/grpc-js";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb.js";
import * as pb from "@pulumi/pulumi/proto/analyzer_pb.js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb.js";
import { EngineError } from "../errors.js";
import { call, CHANNEL_OPTIONS, isServiceError } from "../providers/grpc.js";
import type { PropertyMap, ResourceState } from "../state/model.js";
import { urnName } from "../urn.js";
import { fromStruct, toStruct } from "../values/struct.js";
import { type EnforcementLevel, LEVELS, type PolicyConfig, type PolicyInfo } from "./config.js";

/** A resource as policies see it. */
export interface PolicySubject {
  state: ResourceState;
  properties: PropertyMap;
  deleteBeforeReplace?: boolean | undefined;
  /** The provider resource that manages it. */
  provider: ResourceState | undefined;
}

export interface Violation {
  policy: string;
  message: string;
  level: EnforcementLevel;
  severity: string;
  urn: string;
}

export interface Verdict {
  violations: Violation[];
  notApplicable: string[];
}

export interface Remediation {
  policy: string;
  properties: PropertyMap;
  /** Why it could not be done, when it could not. */
  diagnostic: string;
}

export interface PackInfo {
  name: string;
  version: string;
  policies: PolicyInfo[];
  supportsConfig: boolean;
  initialConfig: Map<string, PolicyConfig>;
}

const KINDS = ["unknown", "resource", "stack"] as const;
const SEVERITIES = ["", "low", "medium", "high", "critical"];
const VALUES = { keepUnknowns: true, keepSecrets: true, keepResources: false };

/** The policies of one pack, in a process of their own (pulumi/pulumi proto/pulumi/analyzer.proto). */
export class Analyzer {
  readonly #client: AnalyzerClient;

  constructor(address: string) {
    this.#client = new AnalyzerClient(address, credentials.createInsecure(), CHANNEL_OPTIONS);
  }

  close(): void {
    this.#client.close();
  }

  /** `version`: that of PulumiPolicy.yaml, which wins over the package's. */
  async info(version: string): Promise<PackInfo> {
    const info = await this.#call<pb.AnalyzerInfo>((done) =>
      this.#client.getAnalyzerInfo(new Empty(), done),
    );
    const initialConfig = new Map<string, PolicyConfig>();
    info.getInitialconfigMap().forEach((config, name) => {
      const properties = fromStruct(config.getProperties());
      initialConfig.set(name, { level: LEVELS[config.getEnforcementlevel()], properties });
    });
    return {
      name: info.getName(),
      version: version === "" ? info.getVersion() : version,
      policies: info
        .getPoliciesList()
        .map(policyInfo)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      supportsConfig: info.getSupportsconfig(),
      initialConfig,
    };
  }

  /** Packs that are older than this call do without it. */
  async configureStack(
    about: { stack: string; project: string; organization: string; dryRun: boolean },
    config: { values: Record<string, string>; secretKeys: readonly string[] },
  ): Promise<void> {
    const request = new pb.AnalyzerStackConfigureRequest()
      .setStack(about.stack)
      .setProject(about.project)
      .setOrganization(about.organization)
      .setDryRun(about.dryRun)
      .setConfigSecretKeysList([...config.secretKeys]);
    for (const [key, value] of Object.entries(config.values))
      request.getConfigMap().set(key, value);
    await this.#optional((done) => this.#client.configureStack(request, done));
  }

  async configure(config: ReadonlyMap<string, PolicyConfig>): Promise<void> {
    const request = new pb.ConfigureAnalyzerRequest();
    for (const [name, { level = "advisory", properties = {} }] of config) {
      const message = new pb.PolicyConfig()
        .setEnforcementlevel(LEVELS.indexOf(level))
        .setProperties(toStruct(properties, VALUES));
      request.getPolicyconfigMap().set(name, message);
    }
    await this.#call((done) => this.#client.configure(request, done));
  }

  async remediate(
    subject: PolicySubject,
  ): Promise<{ remediations: Remediation[]; notApplicable: string[] }> {
    const request = requestFor(subject, subject.properties);
    const response = await this.#optional<pb.RemediateResponse>((done) =>
      this.#client.remediate(request, done),
    );
    return {
      remediations: (response?.getRemediationsList() ?? []).map((each) => ({
        policy: each.getPolicyname(),
        properties: fromStruct(each.getProperties()),
        diagnostic: each.getDiagnostic(),
      })),
      notApplicable: namesOf(response?.getNotApplicableList()),
    };
  }

  async analyze(subject: PolicySubject): Promise<Verdict> {
    const request = requestFor(subject, withoutInternal(subject.properties));
    return verdictOf(
      await this.#call<pb.AnalyzeResponse>((done) => this.#client.analyze(request, done)),
    );
  }

  async analyzeStack(subjects: readonly PolicySubject[]): Promise<Verdict> {
    const request = new pb.AnalyzeStackRequest().setResourcesList(subjects.map(resourceFor));
    return verdictOf(
      await this.#optional<pb.AnalyzeResponse>((done) => this.#client.analyzeStack(request, done)),
    );
  }

  async #call<T>(begin: Parameters<typeof call<T>>[0]): Promise<T> {
    try {
      return await call<T>(begin);
    } catch (error) {
      if (isServiceError(error) && error.code !== status.UNIMPLEMENTED)
        throw new EngineError("internal", `failed to run policy: ${error.details}`, {
          cause: error,
        });
      throw error;
    }
  }

  async #optional<T>(begin: Parameters<typeof call<T>>[0]): Promise<T | undefined> {
    try {
      return await this.#call<T>(begin);
    } catch (error) {
      if (isServiceError(error) && error.code === status.UNIMPLEMENTED) return undefined;
      throw error;
    }
  }
}

function policyInfo(message: pb.PolicyInfo): PolicyInfo {
  const schema = message.getConfigschema();
  return {
    name: message.getName(),
    level: LEVELS[message.getEnforcementlevel()] ?? "advisory",
    kind: KINDS[message.getPolicyType()] ?? "unknown",
    schema:
      schema === undefined
        ? undefined
        : {
            properties: fromStruct(schema.getProperties()) as Record<
              string,
              Record<string, unknown>
            >,
            required: schema.getRequiredList(),
          },
  };
}

function optionsFor({ state, deleteBeforeReplace }: PolicySubject): pb.AnalyzerResourceOptions {
  const options = new pb.AnalyzerResourceOptions()
    .setProtect(state.protect ?? false)
    .setIgnorechangesList(state.ignoreChanges ?? [])
    .setDeletebeforereplace(deleteBeforeReplace ?? false)
    .setDeletebeforereplacedefined(deleteBeforeReplace !== undefined)
    .setAdditionalsecretoutputsList(state.additionalSecretOutputs ?? [])
    .setParent(state.parent ?? "");
  const { customTimeouts } = state;
  if (customTimeouts !== undefined) {
    options.setCustomtimeouts(
      new pb.AnalyzerResourceOptions.CustomTimeouts()
        .setCreate(customTimeouts.create ?? 0)
        .setUpdate(customTimeouts.update ?? 0)
        .setDelete(customTimeouts.delete ?? 0)
        .setRead(customTimeouts.read ?? 0),
    );
  }
  return options;
}

function providerFor({ provider }: PolicySubject): pb.AnalyzerProviderResource | undefined {
  if (provider === undefined) return undefined;
  return new pb.AnalyzerProviderResource()
    .setUrn(provider.urn)
    .setType(provider.type)
    .setName(urnName(provider.urn))
    .setProperties(toStruct(withoutInternal(provider.inputs ?? {}), VALUES));
}

function requestFor(subject: PolicySubject, properties: PropertyMap): pb.AnalyzeRequest {
  return new pb.AnalyzeRequest()
    .setUrn(subject.state.urn)
    .setType(subject.state.type)
    .setName(urnName(subject.state.urn))
    .setProperties(toStruct(properties, VALUES))
    .setOptions(optionsFor(subject))
    .setProvider(providerFor(subject));
}

function resourceFor(subject: PolicySubject): pb.AnalyzerResource {
  const { state } = subject;
  const resource = new pb.AnalyzerResource()
    .setUrn(state.urn)
    .setType(state.type)
    .setName(urnName(state.urn))
    .setProperties(toStruct(withoutInternal(subject.properties), VALUES))
    .setOptions(optionsFor(subject))
    .setProvider(providerFor(subject))
    .setParent(state.parent ?? "")
    .setDependenciesList(state.dependencies ?? []);
  for (const [key, urns] of Object.entries(state.propertyDependencies ?? {})) {
    if (urns.length === 0) continue;
    const message = new pb.AnalyzerPropertyDependencies().setUrnsList(urns);
    resource.getPropertydependenciesMap().set(key, message);
  }
  return resource;
}

function verdictOf(response: pb.AnalyzeResponse | undefined): Verdict {
  return {
    violations: (response?.getDiagnosticsList() ?? []).map((each) => ({
      policy: each.getPolicyname(),
      message: each.getMessage(),
      level: LEVELS[each.getEnforcementlevel()] ?? "advisory",
      severity: SEVERITIES[each.getSeverity()] ?? "",
      urn: each.getUrn(),
    })),
    notApplicable: namesOf(response?.getNotApplicableList()),
  };
}

const namesOf = (list: pb.PolicyNotApplicable[] | undefined): string[] =>
  (list ?? []).map((each) => each.getPolicyName());

/** What is between the engine and a provider (`__provider`, `__internal`) is no business of a validation. */
function withoutInternal(map: PropertyMap): PropertyMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !key.startsWith("__")));
}
