/**
 * Rules of a network, in chains of its own that hang in ours, which hang in Docker's DOCKER-USER and the built-in
 * chains. Each table is written by one iptables-restore, so that there is no moment with half of the rules.
 *
 * Speed: br_netfilter sends every bridged frame through iptables and conntrack, a quarter of the throughput. Its
 * switch is for all bridges at once and foreign networks may rely on it, so it stays; instead frames between two
 * containers of the network are not tracked and leave at the first rule. What a published port needs (address
 * translation) is tracked as ever. The encapsulated packets of our VNI are not tracked either. What every packet of a container
 * passes, sent and received, is counted in rules: those chains (B, W, O, X, V) hang first, behind a rule that says which packets are
 * theirs (shortcuts), and end there, so that they meet neither the rest of the network's rules nor those of other networks. What stays on
 * a bridge without a policy is no matter of others' policies; on a bridge that we share only what has our addresses.
 *
 * Isolation: nothing enters the network but from itself, as an answer, or by a published port; nobody but the
 * network itself talks to its gateway; frames of our VNI come from peers only. A container that asks a peer does so with
 * this host's address, so what containers send to the tunnels of peers is dropped here; of VXLAN, what they send to other addresses of a
 * peer is dropped there.
 *
 * Two families: a network with IPv6 has the same rules there, by ip6tables (program/ipv6.ts). Nothing less: an address of
 * IPv6 that nobody guards would be a way round all of it. Docker before 27 makes no chains there, so ours hang in a
 * DOCKER-USER of our own then, which Docker takes over should it begin to.
 * A network without has none there but the doors of a closed policy (program/policy.ts).
 */
export const FIREWALL_PART = `
INPUT_CHAIN=filter:CLOCKER-INPUT:INPUT
CHAINS="raw:CLOCKER-PREROUTING:PREROUTING raw:CLOCKER-OUTPUT:OUTPUT $INPUT_CHAIN filter:CLOCKER-FORWARD:DOCKER-USER filter:CLOCKER-POLICY:CLOCKER-FORWARD nat:CLOCKER-POSTROUTING:POSTROUTING"

# The containers' way out is a router of the hosts' LAN, not the host.
has_router() { [ "$driver" = macvlan ] && [ "$(setting router)" != none ]; }

# Peers send us frames of our VNI, over IPv4.
has_vxlan() { [ -z "$six" ] && { [ "$driver" = vxlan ] || [ "$driver" = ovs ]; }; }

# Its CIDR may be that of a LAN, where hosts' own addresses are: what containers send to those is judged by all networks.
may_hold_hosts() { case $driver in macvlan | plugin | cni) ;; *) return 1 ;; esac; }

# Of a family in which the network has no addresses there are the doors of its policy alone.
has_addresses() { [ -n "$cidr" ]; }

sent_inside() { echo "-i $bridge -s $cidr -d $cidr"; }
our_vni() { echo "-p udp --dport $port -m u32 --u32 0>>22&0x3C@12>>8=$vni"; }

# A firewall that goes by connections has to see both ways of what is for the host itself.
tracks_own() { [ -n "$machine" ] || has_policy; }

firewall_rules() {
  has_addresses || { door_rules; return; }
  paths=$("paths_$driver")
  vxlan=$(our_vni)
  echo "*raw"
  for chain in R X Y O T U B; do echo ":CLK-$chain-$vni - [0:0]"; done
  tunnels_guarded
  if has_vxlan; then echo "-A CLK-R-$vni $vxlan -j CLK-X-$vni"; fi
  if shares_bridge; then
    # before Weave's own rules, which let through all that goes over its bridge
    echo "-A CLK-R-$vni -i lo -j RETURN"
    echo "-A CLK-R-$vni ! -i $bridge -d $cidr -j DROP"
    echo "-A CLK-R-$vni -i $bridge ! -s $cidr -d $cidr -j DROP"
  fi
  if has_policy; then untracked="-p tcp"; else untracked=; fi
  echo "-A CLK-B-$vni -d $gateway -j RETURN"
  echo "-A CLK-B-$vni $untracked -j CT --notrack"
  if may_hold_hosts; then echo "-A CLK-R-$vni $(sent_inside) -j CLK-B-$vni"; fi
  ports_untouched
  # routed packets: what comes from a peer has an address of that peer; newer Dockers would drop it further on
  for path in $paths; do
    destinations | while read -r _ from; do
      ! tracks_own || echo "-A CLK-R-$vni -i $path -s $from -d $gateway -j ACCEPT"
      echo "-A CLK-R-$vni -i $path -s $from -d $cidr $untracked -j CT --notrack"
      echo "-A CLK-R-$vni -i $path -s $from -d $cidr -j ACCEPT"
    done
  done
  if has_vxlan; then
    for peer in $peers; do echo "-A CLK-X-$vni -s $peer -g CLK-Y-$vni"; done
    echo "-A CLK-X-$vni -j DROP"
    echo "-A CLK-Y-$vni -j CT --notrack"
    echo "-A CLK-O-$vni -j CT --notrack"
  fi
  echo COMMIT
  echo "*nat"
  echo ":CLK-N-$vni - [0:0]"
  ports_translated
  if [ "$outbound" = yes ] && ! has_router; then echo "-A CLK-N-$vni -s $cidr ! -d $cidr ! -o $bridge -j MASQUERADE"; fi
  # a port published by one container and used by another of the same network: the answer must come back this way
  echo "-A CLK-N-$vni -s $cidr -o $bridge -m conntrack --ctstate DNAT -j MASQUERADE"
  echo COMMIT
  echo "*filter"
  for chain in I F G V W; do echo ":CLK-$chain-$vni - [0:0]"; done
  policy_chains
  echo "-A CLK-I-$vni -i lo -j RETURN"
  echo "-A CLK-I-$vni -i $bridge -d $gateway -p udp --dport 53 -j ACCEPT"
  echo "-A CLK-I-$vni -i $bridge -d $gateway -p tcp --dport 53 -j ACCEPT"
  weave_dns_accepted
  host_judged
  for path in $paths; do
    if tracks_own; then
      destinations | while read -r _ from; do echo "-A CLK-I-$vni -i $path -s $from -d $gateway -j RETURN"; done
    else
      echo "-A CLK-I-$vni -i $path -s $cidr -d $gateway -m conntrack --ctstate UNTRACKED -j RETURN"
    fi
  done
  # on the hosts' own LAN other addresses of the host may be in the CIDR
  if [ "$driver" = macvlan ]; then inside=$gateway; else inside=$cidr; fi
  echo "-A CLK-I-$vni ! -i $bridge -d $inside -j DROP"
  # peers send to the underlay address alone: at another one of the host's it is a container that asks as its host
  if has_vxlan; then echo "-A CLK-I-$vni ! -d $underlay $vxlan -j DROP"; fi
  for peer in $peers; do
    # they ask by IPv4, whatever the network carries
    case $driver$six in
      swarm)
        echo "-A CLK-I-$vni -s $peer -p tcp -m multiport --dports 2377,7946 -j ACCEPT"
        echo "-A CLK-I-$vni -s $peer -p udp -m multiport --dports 4789,7946 -j ACCEPT"
        ;;
      weave)
        echo "-A CLK-I-$vni -s $peer -p tcp --dport 6783 -j ACCEPT"
        echo "-A CLK-I-$vni -s $peer -p udp --dport 6783:6784 -j ACCEPT"
        ;;
      wireguard) echo "-A CLK-I-$vni -s $peer -p udp --dport $(wg_ports) -j ACCEPT" ;;
    esac
  done
  # who has sent it was asked in raw
  if has_vxlan; then echo "-A CLK-V-$vni -j ACCEPT"; fi
  policy_rules
  echo "-A CLK-W-$vni -j ACCEPT"
  ports_forwarded
  echo "-A CLK-F-$vni -i $bridge -o $bridge -j ACCEPT"
  for path in $paths; do
    echo "-A CLK-F-$vni -i $path -o $bridge -s $cidr -m conntrack --ctstate UNTRACKED -j ACCEPT"
    echo "-A CLK-F-$vni -i $bridge -o $path -s $cidr -d $cidr -j ACCEPT"
    echo "-A CLK-F-$vni ! -i $bridge -o $path -d $cidr -j DROP"
  done
  # published ports between two networks of ours on one host: Docker's isolation would drop them
  echo "-A CLK-F-$vni -i cnb+ -o $bridge -m conntrack --ctstate DNAT -j ACCEPT"
  echo "-A CLK-F-$vni -i $bridge -o cnb+ -m conntrack --ctstate DNAT -j ACCEPT"
  # what is for others on a bridge that we share is no matter of ours
  if shares_bridge; then ends="-d $cidr" starts="-s $cidr"; else ends= starts=; fi
  echo "-A CLK-F-$vni ! -i $bridge -o $bridge $ends -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
  if [ "$outbound" != yes ]; then
    echo "-A CLK-F-$vni -i $bridge ! -o $bridge $starts -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"
    # what was opened while there was a way out ends
    echo "-A CLK-F-$vni -i $bridge ! -o $bridge $starts -m conntrack --ctstate ESTABLISHED --ctdir ORIGINAL -m conntrack ! --ctstate DNAT -j DROP"
  fi
  echo COMMIT
}

# What peers take for a packet of ours by our address alone: lines of protocol and port. WireGuard knows who it is.
tunnels() {
  case $driver$six in
    vxlan | ovs) echo "udp $port" ;;
    swarm) printf '%s\\n' "udp 4789" "udp 7946" "tcp 7946" ;;
    weave) printf '%s\\n' "udp 6783:6784" "tcp 6783" ;;
  esac
}

# What comes in here for a peer is only passed on, never the host's own. It may be from another peer, where this host is their
# router, but never from a bridge of ours.
tunnels_guarded() {
  [ -n "$(tunnels)" ] || return 0
  tunnels | while read -r protocol at; do
    echo "-A CLK-R-$vni ! -d $underlay -p $protocol --dport $at -j CLK-T-$vni"
  done
  for peer in $peers; do echo "-A CLK-T-$vni -d $peer -j CLK-U-$vni"; done
  echo "-A CLK-U-$vni -i cnb+ -j DROP"
  for peer in $peers; do echo "-A CLK-U-$vni -s $peer -j RETURN"; done
  echo "-A CLK-U-$vni -j DROP"
}

# Our rules as the kernel has them now, without chains that only other networks have use for.
firewall_now() {
  if has_translations; then others='^$'; else others='-j CLOCKER-PORTS\$'; fi
  if has_addresses; then parents='-j CLOCKER-|^-A FORWARD -j DOCKER-USER\$'; else parents='-j CLOCKER-INPUT\$'; fi
  for table in raw nat filter; do
    $xt-save -t "$table" 2>/dev/null | grep -E "CLK-[A-Z]-$vni(-[a-z0-9]+)?( |\\$)|$parents" | grep -v -e "$others" || true
  done
}

# Each of our chains hangs where it belongs, and the network's hang in ours.
jump() { # table chain target, -A to hang it last
  is $xt -w -t "$1" -C "$2" -m comment --comment "$TAG" -j "$3" || $xt -w -t "$1" "\${4:--I}" "$2" -m comment --comment "$TAG" -j "$3"
}

up_firewall() {
  up_rules
  if has_ipv6; then
    (as_ipv6; up_rules)
  elif has_doors6 && speaks_ipv6; then
    if guards_addresses6 && need "$OLD_RULES6"; then down_firewall_ipv6; fi
    (as_ipv6; up_rules)
  elif [ -e "$ROOT/$vni/rules6" ] && need "$OLD_RULES6"; then
    down_firewall_ipv6
  fi
  up_bridge_filter
}

OLD_RULES6="there are rules of IPv6, which the network has no more"
guards_addresses6() { grep -qx '[*]raw' "$ROOT/$vni/rules6" 2>/dev/null; }

# Where it does, Docker's proxy listens there, and a policy that cannot say so is none.
speaks_ipv6() {
  [ -d /proc/sys/net/ipv6 ] || return 1
  is command -v ip6tables || fail "a policy needs ip6tables for the ports that the host publishes at its IPv6 addresses: install the package iptables"
  filters_ipv6 || fail "a policy needs ip6tables for the ports that the host publishes at its IPv6 addresses, and $NO_FILTER6"
}

NO_FILTER6="the host's kernel, which has IPv6, cannot filter it: load its module ip6table_filter or nf_tables, or switch IPv6 off in the kernel (ipv6.disable=1)"
filters_ipv6() { is ip6tables -w -S INPUT; }

up_rules() {
  firewall_rules > "$scratch/rules"
  if cmp -s "$scratch/rules" "$ROOT/$vni/rules$six" && [ "$(firewall_now)" = "$(cat "$ROOT/$vni/rules$six.seen" 2>/dev/null)" ]; then
    return 0
  fi
  if need "firewall rules\${six:+ of IPv6} are missing or changed"; then
    if has_addresses; then up_docker_user; hang_parents $CHAINS; else hang_parents "$INPUT_CHAIN"; fi
    hang_first
    $xt-restore -w -n < "$scratch/rules" || fail "$xt does not take the rules: the kernel needs the matches u32, conntrack and the target CT"
    hang_chains
    drop_old_policy "$scratch/rules"
    cp "$scratch/rules" "$ROOT/$vni/rules$six"
    firewall_now > "$ROOT/$vni/rules$six.seen"
  fi
}

up_docker_user() {
  if $xt -w -N DOCKER-USER 2>/dev/null; then $xt -w -A DOCKER-USER -j RETURN; fi
  # dockerd puts it there when it starts; somebody's iptables -F takes it away, and our rules with it
  is $xt -w -C FORWARD -j DOCKER-USER || $xt -w -I FORWARD 1 -j DOCKER-USER
}

# Our chains for all networks, in which theirs hang.
hang_parents() {
  for entry; do
    table=\${entry%%:*} rest=\${entry#*:}
    is $xt -w -t "$table" -N "\${rest%%:*}" || true
    jump "$table" "\${rest#*:}" "\${rest%%:*}"
  done
}

# Lines of table, chain of ours, target, and which packets go there.
shortcuts() {
  if has_vxlan; then
    echo "raw CLOCKER-OUTPUT CLK-O-$vni $(our_vni)"
    echo "raw CLOCKER-PREROUTING CLK-X-$vni -d $underlay $(our_vni)"
    echo "filter CLOCKER-INPUT CLK-V-$vni -d $underlay $(our_vni)"
  fi
  may_hold_hosts || echo "raw CLOCKER-PREROUTING CLK-B-$vni $(sent_inside)"
  if shares_bridge; then ends=" -s $cidr -d $cidr"; else ends=; fi
  has_policy || echo "filter CLOCKER-FORWARD CLK-W-$vni -i $bridge -o $bridge$ends"
}

# One of them.
turn() {
  in=$1 at=$2 target=$3; shift 3
  is $xt -w -t "$in" -C "$at" "$@" -m comment --comment "$TAG" -g "$target" && return 0
  unhang "$in" "$target"
  $xt -w -t "$in" -I "$at" "$@" -m comment --comment "$TAG" -g "$target"
}

# $1 table, $2 target: none of our chains leads there any more. Rules are listed with quotes.
unhang() {
  $xt -w -t "$1" -S 2>/dev/null | sed -n "s/^-A \\(CLOCKER-.* -[gj] $2\\)\$/-D \\1/p" | while read -r rule; do echo "$rule" | xargs $xt -w -t "$1"; done
}

# Before the rules are there: those of a policy may not come after what they let through, and O untracks whatever gets there.
hang_first() {
  has_addresses || return 0
  if has_vxlan; then
    is $xt -w -t raw -N "CLK-O-$vni" || true
    turn raw CLOCKER-OUTPUT "CLK-O-$vni" $(our_vni)
  fi
  jump_ports
  if has_policy; then
    unhang filter "CLK-W-$vni"
    is $xt -w -N "CLK-G-$vni" || true
    jump filter CLOCKER-POLICY "CLK-G-$vni"
  else
    unjump filter CLOCKER-POLICY "CLK-G-$vni"
  fi
}

hang_chains() {
  jump filter CLOCKER-INPUT "CLK-I-$vni"
  has_addresses || return 0
  jump raw CLOCKER-PREROUTING "CLK-R-$vni" -A
  jump nat CLOCKER-POSTROUTING "CLK-N-$vni"
  jump filter CLOCKER-FORWARD "CLK-F-$vni" -A
  shortcuts | while read -r in at target which; do turn "$in" "$at" "$target" $which; done
}

unjump() { while is $xt -w -t "$1" -D "$2" -m comment --comment "$TAG" -j "$3"; do :; done; }
drop_hung() { unhang "$1" "$2"; drop_chain "$1" "$2"; }
drop_chain() { if is $xt -w -t "$1" -F "$2"; then $xt -w -t "$1" -X "$2"; fi; }

down_firewall() {
  for chain in R X Y O T U B; do drop_hung raw "CLK-$chain-$vni"; done
  for chain in N E; do drop_hung nat "CLK-$chain-$vni"; done
  for chain in I F G V W; do drop_hung filter "CLK-$chain-$vni"; done
  drop_old_policy /dev/null
}

# The rules of IPv6, of a network that has or had it.
down_firewall_ipv6() {
  [ -e "$ROOT/$vni/rules6" ] || return 0
  (as_ipv6; down_firewall)
  rm -f "$ROOT/$vni/rules6" "$ROOT/$vni/rules6.seen"
}

# Docker's chain, which is ours where there is no Docker, or one that makes no rules of IPv6. It is left where somebody put a
# rule into it.
drop_docker_user() {
  if [ -z "$six" ]; then is command -v dockerd; else is $xt -w -S DOCKER; fi && return 0
  [ "$($xt -w -S DOCKER-USER 2>/dev/null | grep -vc '^-N')" = 1 ] || return 0
  is $xt -w -C DOCKER-USER -j RETURN || return 0
  while is $xt -w -D FORWARD -j DOCKER-USER; do :; done
  drop_chain filter DOCKER-USER
}

drop_firewall() {
  drop_ports
  for entry in $CHAINS; do
    table=\${entry%%:*} rest=\${entry#*:}
    unjump "$table" "\${rest#*:}" "\${rest%%:*}"
    drop_chain "$table" "\${rest%%:*}"
  done
}
`;
