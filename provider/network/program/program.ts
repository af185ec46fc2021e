import { DNS_PART } from "../dns/dnsmasq.js";
import { HOSTS_PART } from "../dns/hosts-file.js";
import { NAME_SERVER_PART } from "../dns/program.js";
import { MACVLAN_PART } from "../macvlan/link.js";
import { CNI_PART } from "../cni/link.js";
import { OVS_PART } from "../ovs/link.js";
import { PLUGIN_PART } from "../plugin/link.js";
import { ROUTED_PART } from "../routed/link.js";
import { SWARM_PART } from "../swarm/link.js";
import { VXLAN_PART } from "../vxlan/link.js";
import { WEAVE_API_PART } from "../weave/api.js";
import { WEAVE_DNS_PART } from "../weave/dns.js";
import { WEAVE_PART } from "../weave/link.js";
import { WIREGUARD_PART } from "../wireguard/link.js";
import { ZONE_PART } from "../zone/link.js";
import { ZONE_SERVER_PART } from "../zone/server.js";
import { AGENT_PART } from "./agent.js";
import { BOOT_PART } from "./boot.js";
import { BRIDGE_PART } from "./bridge.js";
import { COMMON_PART } from "./common.js";
import { FIREWALL_PART } from "./firewall.js";
import { HAND_OVER_PART } from "./hand-over.js";
import { IPV6_PART } from "./ipv6.js";
import { MAIN_PART } from "./main.js";
import { POLICY_PART } from "./policy.js";
import { PORTS_PART } from "./ports.js";
import { RECORDS_PART } from "./records.js";
import { ROUTES_PART } from "./routes.js";
import { UNDERLAY_PART } from "./underlay.js";

/**
 * Lines that are comments, but for those right below a line with `#!` or `###`: they say what the file is, and init scripts are
 * started by what they say (`### BEGIN INIT INFO`).
 */
const COMMENT = /(?<!^#[!#].*\n(?:#.*\n)*)^ *# .*\n/gm;

/**
 * The program that keeps networks on a host: constant text, run by us under the host's lock and by the host itself
 * at boot. Values come as arguments and as a document on standard input, never as text of the program. It travels without its comments, as
 * one argument of a command, of which Linux takes 128 KiB.
 */
export const NETWORK_PROGRAM = (
  COMMON_PART +
  BRIDGE_PART +
  IPV6_PART +
  UNDERLAY_PART +
  ROUTES_PART +
  VXLAN_PART +
  ROUTED_PART +
  WIREGUARD_PART +
  MACVLAN_PART +
  AGENT_PART +
  SWARM_PART +
  PLUGIN_PART +
  OVS_PART +
  WEAVE_API_PART +
  WEAVE_PART +
  WEAVE_DNS_PART +
  CNI_PART +
  PORTS_PART +
  POLICY_PART +
  FIREWALL_PART +
  DNS_PART +
  HOSTS_PART +
  NAME_SERVER_PART +
  ZONE_PART +
  ZONE_SERVER_PART +
  BOOT_PART +
  RECORDS_PART +
  HAND_OVER_PART +
  MAIN_PART
)
  .replace(COMMENT, "")
  .trimEnd();

/** Runs the program from its first argument: so it can also write itself to the disk. */
export const RUN_PROGRAM = `program=$1; shift; eval "$program"`;
