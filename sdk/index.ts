/** The public API of pulumi-clocker, and nothing else. */
export { DockerHost } from "./resources/docker-host.js";
export type { DockerHostArgs, HostDeviceArgs, LocationArgs } from "./resources/docker-host.js";
export type { CommandConnection } from "./resources/command-connection.js";
export type { HostAccessArgs, SshArgs, SshKeyArgs } from "./host-access.js";
export { DockerCloud } from "./resources/docker-cloud.js";
export type {
  CloudExport,
  ContainerDefaults,
  DockerCloudArgs,
  RebalanceArgs,
  SupplyArgs,
} from "./cloud-args.js";
export { NetworkMember } from "./resources/network-member.js";
export type { NetworkMemberArgs } from "./resources/network-member.js";
export { NetworkIngress } from "./resources/network-ingress.js";
export { NetworkNames } from "./resources/network-names.js";
export { NetworkPolicy } from "./resources/network-policy.js";
export type {
  NetworkPolicyArgs,
  PolicyPeerArgs,
  PolicyRuleArgs,
} from "./resources/network-policy.js";
export { Placement } from "./resources/placement.js";
export { VirtualNetwork } from "./resources/virtual-network.js";
export type {
  ExistingZoneArgs,
  NetworkZoneArgs,
  OwnZoneArgs,
  VirtualNetworkArgs,
} from "./resources/virtual-network.js";
export { WeaveNetwork } from "./resources/weave-network.js";
export type { WeaveNetworkArgs } from "./resources/weave-network.js";
export { PlacedContainer } from "./resources/placed-container.js";
export type { NetworkAttachment, PlacedContainerArgs } from "./resources/placed-container.js";
export type { ContainerArgs, HealthArgs, MountArgs, SecretFileArgs } from "./container-args.js";
export type { PortArgs } from "./ports.js";
export { constraint, prefer, strategy } from "./rules.js";
export type {
  Constraint,
  FunctionStrategy,
  PredicateConstraint,
  Preference,
  ResourceSettings,
  Strategy,
} from "./rules.js";
export type { DeviceArgs, LayerArgs, NeedsArgs } from "./placement-args.js";
export { Blueprint } from "./blueprints/blueprint.js";
export type {
  BlueprintArgs,
  Endpoint,
  ServiceArgs,
  ServiceDefinition,
  ServiceOutputs,
  UseService,
} from "./blueprints/blueprint.js";
export { hostsFromInventory, hostsFromText } from "./hosts-from-env.js";
export type { Inventory, NamedHost } from "./hosts-from-env.js";
export type { Duration, Memory } from "./units.js";
export type {
  Assignment,
  ConstraintSpec,
  ContainerFacts,
  ContainerPredicate,
  Coordinates,
  HostComparator,
  HostFacts,
  HostNow,
  HostPredicate,
  HostScore,
  NetworkAllocation,
  RequestFacts,
  SpreadLevel,
  StrategyName,
  StrategySpec,
  Supply,
} from "../provider/placement/model.js";
