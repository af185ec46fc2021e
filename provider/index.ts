/**
 * The provider's entry point, `pulumi-clocker/provider`. Every stack's state refers to these names
 * (`exports.handler=()=>require("pulumi-clocker/provider").dockerHost`): they are never renamed, and each lifecycle
 * reads the state of every released version.
 */
import { dockerHostLifecycle } from "./resources/docker-host/lifecycle.js";
import { upcast as upcastDockerHost } from "./resources/docker-host/state.js";
import { networkIngressLifecycle } from "./resources/network-ingress/lifecycle.js";
import { networkNamesLifecycle } from "./resources/network-names/lifecycle.js";
import { networkPolicyLifecycle } from "./resources/network-policy/lifecycle.js";
import { placedContainerLifecycle } from "./resources/placed-container/lifecycle.js";
import { placementLifecycle } from "./resources/placement/lifecycle.js";
import { virtualNetworkLifecycle } from "./resources/virtual-network/lifecycle.js";
import { wrapLifecycle } from "./wrap.js";

export const dockerHost = wrapLifecycle(dockerHostLifecycle, {
  kind: "DockerHost",
  upcast: upcastDockerHost,
});
export const placement = wrapLifecycle(placementLifecycle, { kind: "Placement" });
export const virtualNetwork = wrapLifecycle(virtualNetworkLifecycle, { kind: "VirtualNetwork" });
export const placedContainer = wrapLifecycle(placedContainerLifecycle, { kind: "PlacedContainer" });
export const networkPolicy = wrapLifecycle(networkPolicyLifecycle, { kind: "NetworkPolicy" });
export const networkNames = wrapLifecycle(networkNamesLifecycle, { kind: "NetworkNames" });
export const networkIngress = wrapLifecycle(networkIngressLifecycle, { kind: "NetworkIngress" });
