import { ownerOf } from "../host/ownership.js";
import { Twins } from "../ipam/twins.js";
import type { NetworkHost, VirtualNetworkInputs } from "../resources/virtual-network/inputs.js";
import { namesFile } from "./dns/names-file.js";
import type { HostFacts, HostPart } from "./driver.js";
import { DRIVERS } from "./drivers.js";
import { zoneSecrets, zoneSettings } from "./zone/zone.js";

/**
 * What each host has to have, in the order of the inputs. Pure: two equal parts need nothing done. `serving`: whom names
 * on a host lead to until others are ready (dns/names-file.ts).
 */
export function planParts(
  inputs: VirtualNetworkInputs,
  facts: Readonly<Record<string, HostFacts>> = {},
  generation?: string,
  serving?: (host: NetworkHost) => ReadonlyMap<string, string>,
): HostPart[] {
  const names = namesFile(inputs.records, inputs.domain);
  const namesOf = (host: NetworkHost): string => {
    const old = serving?.(host);
    return old && old.size > 0 ? namesFile(inputs.records, inputs.domain, old) : names;
  };
  const { plan } = DRIVERS[inputs.driver];
  const secrets = {
    ...plan.secrets?.(inputs.driverOptions ?? {}),
    ...zoneSecrets(inputs.zone),
  };
  const hosts = inputs.hosts.map(({ name }) => name);
  const twins = Twins.of(inputs);
  const asksWhoHas = plan.facts.routesBlocks || inputs.names === "weave";
  const extraOf = ({ extra = [] }: NetworkHost): string[] => (asksWhoHas ? extra : []);
  const ipv6 = (host: NetworkHost) => ({
    block: twins?.ipv6(host.block) ?? "",
    gateway: twins?.ipv6(host.gateway) ?? "",
    extra: extraOf(host).flatMap((address) => twins?.ipv6(address) ?? []),
  });
  return inputs.hosts.map((host) => ({
    host: host.name,
    owner: ownerOf(inputs.meta),
    ...(generation === undefined ? {} : { generation }),
    cloud: inputs.cloud,
    networkId: inputs.networkId,
    driver: inputs.driver,
    vni: inputs.vni,
    cidr: inputs.cidr,
    block: host.block,
    gateway: host.gateway,
    underlay: host.underlay,
    mtu: inputs.mtu,
    domain: inputs.domain,
    outbound: inputs.outbound,
    extra: extraOf(host),
    ...(inputs.cidr6 !== undefined && twins ? { ipv6: { cidr: inputs.cidr6, ...ipv6(host) } } : {}),
    ...(host.machine === true ? { machine: true as const } : {}),
    facts: facts[host.name] ?? {},
    peers: inputs.hosts
      .filter((other) => other.name !== host.name)
      .map((other) => ({
        host: other.name,
        underlay: other.underlay,
        block: other.block,
        extra: extraOf(other),
        ...(twins ? { ipv6: ipv6(other) } : {}),
        facts: facts[other.name] ?? {},
      }))
      .sort((a, b) => (a.underlay < b.underlay ? -1 : a.underlay > b.underlay ? 1 : 0)),
    settings: {
      ...plan.settings({
        options: inputs.driverOptions ?? {},
        encryption: inputs.encryption,
        vni: inputs.vni,
        hosts,
        host: host.name,
        block: host.block,
      }),
      ...(inputs.names === undefined ? {} : { nameserver: inputs.names, block: host.block }),
      ...zoneSettings(inputs.zone, host.name, inputs.hosts),
    },
    ...(host.machine !== true && Object.keys(secrets).length > 0 ? { secrets } : {}),
    names: namesOf(host),
  }));
}
