/**
 * What a policy adds to the rules of a network (firewall.ts): its own chains, as the record has them, and the places where they are
 * asked. Policies of all networks come before the rules of any network, which let through what is theirs.
 *
 * It also judges what is asked of the host itself, since Docker's proxy asks containers in its name: by those of the network, and, at the
 * doors of a closed one, by everybody else. Where a network has IPv4 alone, those doors are all that it needs of IPv6.
 *
 * Frames that stay on the bridge meet the rules by br_netfilter alone, so a network with a policy has the switch of its own bridge on.
 */
export const POLICY_PART = `
has_policy() { [ -e "$ROOT/$vni/policy" ]; }

# Its rules of this family: those of IPv6 come after a line "# ipv6".
policy_lines() {
  if [ -z "$six" ]; then sed '1d; /^# ipv6$/,$d' "$ROOT/$vni/policy"; else sed '1,/^# ipv6$/d' "$ROOT/$vni/policy"; fi
}

# What the policy says, in chains of its own; leaves it in $scratch/policy.
policy_chains() {
  has_policy || return 0
  policy_lines > "$scratch/policy"
  if has_addresses && ! grep -q "^:CLK-P-$vni " "$scratch/policy"; then
    # it is from before the network had IPv6: nobody is let through until it is brought up to date
    for chain in "CLK-P-$vni" "CLK-P-$vni-from" "CLK-P-$vni-to"; do echo ":$chain - [0:0]"; echo "-A $chain -j DROP"; done >> "$scratch/policy"
  fi
  cat "$scratch/policy"
}

# $1 "host" or "door": the policy has something to say there.
judges() { has_policy && grep -q "^:CLK-P-$vni-$1 " "$scratch/policy"; }
NEIGHBOUR_DISCOVERY="135 136"

# What those of the network ask of the host itself. Its name server has answered before.
host_judged() {
  judges host || return 0
  if [ -n "$six" ]; then
    for type in $NEIGHBOUR_DISCOVERY; do echo "-A CLK-I-$vni -i $bridge -p ipv6-icmp --icmpv6-type $type -j RETURN"; done
    # by IPv6 a container has one more address, by which it talks to its own link, so to the bridge
    echo "-A CLK-I-$vni -i $bridge -s fe80::/10 -m addrtype --dst-type LOCAL -j CLK-P-$vni-host"
  fi
  echo "-A CLK-I-$vni -s $cidr -m addrtype --dst-type LOCAL -j CLK-P-$vni-host"
}

# What everybody else asks of it.
doors_judged() {
  judges door || return 0
  if has_addresses; then elsewhere=" ! -i $bridge"; else elsewhere=; fi
  echo "-A CLK-I-$vni$elsewhere -m addrtype --dst-type LOCAL -j CLK-P-$vni-door"
}

has_doors6() { has_policy && sed '1,/^# ipv6$/d' "$ROOT/$vni/policy" | grep -q .; }

door_rules() {
  echo "*filter"
  echo ":CLK-I-$vni - [0:0]"
  policy_chains
  echo "-A CLK-I-$vni -i lo -j RETURN"
  doors_judged
  echo COMMIT
}

# Who may connect to whom, where somebody said so. What comes from a peer has an address of it.
policy_rules() {
  has_policy || return 0
  doors_judged
  # who has which address is asked of all, and says nothing of who may talk to whom
  if [ -n "$six" ]; then
    for type in $NEIGHBOUR_DISCOVERY; do echo "-A CLK-G-$vni -i $bridge -o $bridge -p ipv6-icmp --icmpv6-type $type -j ACCEPT"; done
  fi
  ports_judged
  echo "-A CLK-G-$vni -i $bridge -s $cidr -d $cidr -j CLK-P-$vni"
  for path in $paths; do
    destinations | while read -r _ from; do echo "-A CLK-G-$vni -i $path -o $bridge -s $from -d $cidr -j CLK-P-$vni"; done
  done
  echo "-A CLK-G-$vni -i $bridge -o $bridge -j DROP"
  echo "-A CLK-G-$vni ! -i $bridge -o $bridge -j CLK-P-$vni-from"
  echo "-A CLK-G-$vni -i $bridge ! -d $cidr -j CLK-P-$vni-to"
}

# Chains of a policy that was there before; $1 holds the rules that are to be there.
drop_old_policy() {
  old=$($xt-save -t filter 2>/dev/null | sed -n "s/^:\\(CLK-P-$vni[^ ]*\\) .*/\\1/p" | while read -r chain; do
    case $chain in "CLK-P-$vni" | "CLK-P-$vni-"*) grep -q "^:$chain " "$1" || echo "$chain" ;; esac
  done)
  for chain in $old; do $xt -w -F "$chain"; done
  for chain in $old; do $xt -w -X "$chain"; done
}

# Frames between two ports of a bridge meet the rules only where br_netfilter is loaded, which Docker does not always do,
# and a switch is on. The switch of all bridges is not ours: the bridge has its own.
NF_CALL=/proc/sys/net/bridge/bridge-nf-call
filters_frames() {
  case $(ip -d -o link show dev "$bridge" 2>/dev/null) in
    *" nf_call_iptables 1 nf_call_ip6tables 1 "*) ;;
    *" nf_call_iptables 1 "*) ! has_ipv6 ;;
    *) return 1 ;;
  esac
}
up_bridge_filter() {
  has_policy || return 0
  if ! [ -e "$NF_CALL-iptables" ]; then
    need "the kernel module br_netfilter is not loaded" || return 0
    is modprobe br_netfilter || true
    [ -e "$NF_CALL-iptables" ] || fail "a policy needs the kernel module br_netfilter, and modprobe br_netfilter does not load it: without it containers of one host reach each other past the firewall"
    # it comes with its switches on: foreign bridges stay as they were
    for family in iptables ip6tables arptables; do echo 0 > "$NF_CALL-$family"; done
  fi
  filters_frames && return 0
  if need "frames on the bridge $bridge pass the firewall by"; then
    is ip link set dev "$bridge" type bridge nf_call_iptables 1 || true
    if has_ipv6; then is ip link set dev "$bridge" type bridge nf_call_ip6tables 1 || true; fi
    filters_frames || fail "a policy needs frames on the bridge $bridge to meet the firewall, and ip link set $bridge type bridge nf_call_iptables 1 has no effect: the kernel or iproute2 is too old"
  fi
}
# Without a policy nothing needs it.
down_bridge_filter() { is ip link set dev "$bridge" type bridge nf_call_iptables 0 nf_call_ip6tables 0 || true; }
`;
