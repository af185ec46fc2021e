import { dockerFor } from "../../../provider/host/docker.js";
import { closeTransports, transportFor } from "../../../provider/host/pool.js";
import { Twins } from "../../../provider/ipam/twins.js";
import { dockerNetworkName } from "../../../provider/network/names.js";
import type { VirtualNetworkInputs } from "../../../provider/resources/virtual-network/inputs.js";
import { TEST_IMAGE, type TestLab } from "../../support/lab.js";

export type NetworkOptions = {
  vni: number;
  /** First two bytes of its addresses: "10.101". */
  net: string;
  /** Hosts in the network; absent: all. */
  hostNames?: string[];
} & Partial<Omit<VirtualNetworkInputs, "hosts" | "vni">>;

/** Inputs of a network over lab hosts, as a plan would give them: /24 a host, gateway first. */
export function networkInputs(
  lab: TestLab,
  name: string,
  options: NetworkOptions,
): VirtualNetworkInputs {
  const { vni, net, hostNames, ...more } = options;
  const hosts = lab.hosts
    .map((host, index) => ({
      name: host.name,
      connection: lab.connection(host.name),
      block: `${net}.${index + 1}.0/24`,
      gateway: `${net}.${index + 1}.1`,
      underlay: host.address,
    }))
    .filter((host) => hostNames === undefined || hostNames.includes(host.name));
  return {
    meta: { project: "p", stack: "s", name, urn: "" },
    cloud: "c",
    networkId: name,
    driver: "vxlan",
    cidr: `${net}.0.0/16`,
    vni,
    mtu: 1450,
    domain: `${name}.clocker`,
    dnsServers: [],
    outbound: true,
    records: {},
    hosts,
    ...more,
  };
}

/** What a network knows of its address families. */
type Families = Pick<VirtualNetworkInputs, "cidr" | "cidr6">;

/** An address of a network, and its IPv6 address if the network has IPv6. */
export function bothOf(network: Families, address: string): string[] {
  return [address, Twins.of(network)?.ipv6(address) ?? []].flat();
}

/** Runs a busybox container on a network at its planned address, or addresses. */
export async function runContainer(
  lab: TestLab,
  host: string,
  name: string,
  network: Pick<VirtualNetworkInputs, "networkId" | "vni"> & Families,
  address: string,
  ...args: string[]
): Promise<void> {
  const [, address6] = bothOf(network, address);
  await lab.sh(
    host,
    "docker",
    "run",
    "-d",
    "--init",
    "--name",
    name,
    "--network",
    dockerNetworkName(network.networkId, network.vni),
    "--ip",
    address,
    ...(address6 === undefined ? [] : ["--ip6", address6]),
    ...args,
    TEST_IMAGE,
    "sleep",
    "100000",
  );
}

/** Far from the half minute and more for which a wrong MAC or a dead tunnel is believed, and enough on a busy machine. */
export const AT_ONCE_MS = 10_000;

/** Milliseconds until one ping from a container is answered, by all of the addresses; undefined when none is within the time. */
export async function pingable(
  lab: TestLab,
  host: string,
  container: string,
  addresses: string | readonly string[],
  limitMs = AT_ONCE_MS,
): Promise<number | undefined> {
  const start = Date.now();
  const ping = 'for address; do ping -c 1 -W 1 "$address" || exit 1; done';
  do {
    const result = await lab.exec(host, [
      ...["docker", "exec", container, "sh", "-c", ping, "sh", ...[addresses].flat()],
    ]);
    if (result.code === 0) return Date.now() - start;
  } while (Date.now() - start < limitMs);
  return undefined;
}

/** Runs a command in a container; the exit code and both streams. */
export async function inContainer(
  lab: TestLab,
  host: string,
  container: string,
  ...argv: string[]
): Promise<{ code: number; text: string; ms: number }> {
  const start = Date.now();
  const result = await lab.exec(host, ["docker", "exec", container, ...argv]);
  return {
    code: result.code,
    text: result.stdout + result.stderr,
    ms: Date.now() - start,
  };
}

/** A web server in a container on port 7000: a megabyte at /big, the caller's address at /cgi-bin/who. */
export async function webServer(lab: TestLab, host: string, container: string): Promise<void> {
  const made = await inContainer(
    lab,
    host,
    container,
    "sh",
    "-c",
    `mkdir -p /tmp/www/cgi-bin && cd /tmp/www && dd if=/dev/urandom of=big bs=1024 count=1024 2>/dev/null
     printf '#!/bin/sh\\necho\\necho $REMOTE_ADDR | sed s/::ffff:// | tr -d "[]"\\n' > cgi-bin/who && chmod +x cgi-bin/who
     httpd -p 7000 -h /tmp/www`,
  );
  if (made.code !== 0) throw new Error(made.text);
}

/** The command that fetches a page's body; fails when nobody answers. (Debian's static busybox has a broken wget.) */
export function get(url: string): string[] {
  const { hostname, port, pathname } = new URL(url);
  const request = `printf 'GET ${pathname} HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 2 ${hostname.replace(/[[\]]/g, "")} ${port}`;
  return ["sh", "-c", `set -o pipefail; ${request} | busybox sed '1,/^\\r*$/d'`];
}

/** Everything on a host that a network could leave: links, rules, files, processes, Docker networks. */
export async function traces(lab: TestLab, host: string): Promise<string> {
  return lab.sh(
    host,
    "sh",
    "-c",
    `ip -o link | grep -oE 'cn[bopsvwx][0-9]+|eth0[.][0-9]+' | sort -u
     ip route show proto 201; ip -6 route show proto 201; ip -6 neigh show proxy
     ls /run/wireguard 2>/dev/null
     ps -ef 2>/dev/null | grep '[w]ireguard-go'
     for t in raw nat filter; do
       for family in iptables ip6tables; do $family-save -t $t | grep -E 'CLK-|CLOCKER|io.clocker'; done
     done
     ip6tables -S | grep DOCKER-USER
     ls -d /var/lib/clocker/net /run/clocker/dns* /etc/init.d/clocker-net /etc/rc2.d/S*clocker-net 2>/dev/null
     ps -ef 2>/dev/null | grep '[d]nsmasq'
     ps -eo args 2>/dev/null | grep -E '^[^ ]+ /var/lib/clocker/net/'
     ls -d /var/lib/clocker/* 2>/dev/null
     docker network ls --filter scope=local --format '{{.Name}}' | grep -vE '^(bridge|host|none)$'
     docker info --format 'swarm {{.Swarm.LocalNodeState}}'`,
  );
}

export { closeTransports, dockerFor, transportFor };
