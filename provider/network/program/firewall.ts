/**
 * Rules of a network, in chains of its own that hang in ours, which hang in Docker's DOCKER-USER and the built-in
 * chains. Each table is written by one iptables-restore, so that there is no moment with half of the rules.
 *
 * Speed: br_netfilter sends every bridged frame through iptables and conntrack, a quarter of the throughput. Its
 * switch is for all bridges at once and foreign networks may rely on it, so it stays; instead frames between two
 * containers of the network are not tracked and leave at the first rule. What a published port needs (address
 * translation) is tracked as ever. The encapsulated packets of our VNI are not tracked either.
 *
 * Isolation: nothing enters the network but from itself, as an answer, or by a published port; nobody but the
 * network itself talks to its gateway; frames of our VNI come from peers only. A container that asks a peer does so with
 * this host's address, so what containers send to the tunnels of peers is dropped here; of VXLAN, what they send to other addresses of a
 * peer is dropped there.
 *
 * Two families: a network with IPv6 has the same rules there, by ip6tables (program/ipv6.ts). Nothing less: an address of
 * IPv6 that nobody guards would be a way round all of it. Docker before 27 makes no chains there, so ours hang in a
 * DOCKER-USER of our own then, which Docker takes over should it begin to.
 *
 * Policies: those of all networks come before the rules of any network, which let through what is theirs. Frames that
 * stay on the bridge meet them by br_netfilter alone, so a network with a policy has the switch of its own bridge on.
 */
export const FIREWALL_PART = `
CHAINS="raw:CLOCKER-PREROUTING:PREROUTING raw:CLOCKER-OUTPUT:OUTPUT filter:CLOCKER-INPUT:INPUT filter:CLOCKER-FORWARD:DOCKER-USER filter:CLOCKER-POLICY:CLOCKER-FORWARD nat:CLOCKER-POSTROUTING:POSTROUTING"

# The containers' way out is a router of the hosts' LAN, not the host.
has_router() { [ "$driver" = macvlan ] && [ "$(setting router)" != none ]; }

# Peers send us frames of our VNI, over IPv4.
has_vxlan() { [ -z "$six" ] && { [ "$driver" = vxlan ] || [ "$driver" = ovs ]; }; }

firewall_rules() {
  paths=$("paths_$driver")
  vxlan="-p udp --dport $port -m u32 --u32 0>>22&0x3C@12>>8=$vni"
  echo "*raw"
  for chain in R X O T U; do echo ":CLK-$chain-$vni - [0:0]"; done
  tunnels_guarded
  if has_vxlan; then echo "-A CLK-R-$vni $vxlan -j CLK-X-$vni"; fi
  if shares_bridge; then
    # before Weave's own rules, which let through all that goes over its bridge
    echo "-A CLK-R-$vni -i lo -j RETURN"
    echo "-A CLK-R-$vni ! -i $bridge -d $cidr -j DROP"
    echo "-A CLK-R-$vni -i $bridge ! -s $cidr -d $cidr -j DROP"
  fi
  echo "-A CLK-R-$vni -i $bridge -d $gateway -j RETURN"
  if has_policy; then untracked="-p tcp"; else untracked=; fi
  echo "-A CLK-R-$vni -i $bridge -s $cidr -d $cidr $untracked -j CT --notrack"
  ports_untouched
  # routed packets: what comes from a peer has an address of that peer; newer Dockers would drop it further on
  for path in $paths; do
    destinations | while read -r _ from; do
      # a machine's own firewall may go by connections
      [ -z "$machine" ] || echo "-A CLK-R-$vni -i $path -s $from -d $gateway -j ACCEPT"
      echo "-A CLK-R-$vni -i $path -s $from -d $cidr $untracked -j CT --notrack"
      echo "-A CLK-R-$vni -i $path -s $from -d $cidr -j ACCEPT"
    done
  done
  if has_vxlan; then
    for peer in $peers; do
      echo "-A CLK-X-$vni -s $peer -j CT --notrack"
      echo "-A CLK-X-$vni -s $peer -j RETURN"
    done
    echo "-A CLK-X-$vni -j DROP"
    echo "-A CLK-O-$vni $vxlan -j CT --notrack"
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
  for chain in I F G; do echo ":CLK-$chain-$vni - [0:0]"; done
  echo "-A CLK-I-$vni -i lo -j RETURN"
  for path in $paths; do
    if [ -n "$machine" ]; then
      destinations | while read -r _ from; do echo "-A CLK-I-$vni -i $path -s $from -d $gateway -j RETURN"; done
    else
      echo "-A CLK-I-$vni -i $path -s $cidr -d $gateway -m conntrack --ctstate UNTRACKED -j RETURN"
    fi
  done
  # on the hosts' own LAN other addresses of the host may be in the CIDR
  if [ "$driver" = macvlan ]; then inside=$gateway; else inside=$cidr; fi
  echo "-A CLK-I-$vni ! -i $bridge -d $inside -j DROP"
  echo "-A CLK-I-$vni -i $bridge -d $gateway -p udp --dport 53 -j ACCEPT"
  echo "-A CLK-I-$vni -i $bridge -d $gateway -p tcp --dport 53 -j ACCEPT"
  # peers send to the underlay address alone: at another one of the host's it is a container that asks as its host
  if has_vxlan; then echo "-A CLK-I-$vni ! -d $underlay $vxlan -j DROP"; fi
  for peer in $peers; do
    # they ask by IPv4, whatever the network carries
    case $driver$six in
      vxlan | ovs) echo "-A CLK-I-$vni -s $peer $vxlan -j ACCEPT" ;;
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
  policy_rules
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

has_policy() { [ -e "$ROOT/$vni/policy" ]; }

# Its rules of this family: those of IPv6 come after a line "# ipv6".
policy_lines() {
  if [ -z "$six" ]; then sed '1d; /^# ipv6$/,$d' "$ROOT/$vni/policy"; else sed '1,/^# ipv6$/d' "$ROOT/$vni/policy"; fi
}

# Who may connect to whom, where somebody said so. What comes from a peer has an address of it.
policy_rules() {
  has_policy || return 0
  policy_lines > "$scratch/policy"
  if [ -s "$scratch/policy" ]; then
    cat "$scratch/policy"
  else
    # it is from before the network had IPv6: nobody is let through until it is brought up to date
    for chain in "CLK-P-$vni" "CLK-P-$vni-from" "CLK-P-$vni-to"; do echo ":$chain - [0:0]"; echo "-A $chain -j DROP"; done
  fi
  # who has which address is asked of all, and says nothing of who may talk to whom
  if [ -n "$six" ]; then
    for type in 135 136; do echo "-A CLK-G-$vni -i $bridge -o $bridge -p ipv6-icmp --icmpv6-type $type -j ACCEPT"; done
  fi
  if grep -q "^:CLK-P-$vni-host " "$scratch/policy"; then
    # second: the host itself is not asked
    echo "-I CLK-I-$vni 2 -s $cidr -m addrtype --dst-type LOCAL -j CLK-P-$vni-host"
    # by IPv6 a container has one more address, by which it talks to its own link, so to the bridge
    [ -z "$six" ] || echo "-I CLK-I-$vni 2 -i $bridge -s fe80::/10 -m addrtype --dst-type LOCAL -j CLK-P-$vni-host"
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

# Our rules as the kernel has them now, without chains that only other networks have use for.
firewall_now() {
  if has_ports; then others='^$'; else others='-j CLOCKER-PORTS\$'; fi
  for table in raw nat filter; do
    $xt-save -t "$table" 2>/dev/null | grep -E "CLK-[A-Z]-$vni(-[a-z0-9]+)?( |\\$)|-j CLOCKER-|^-A FORWARD -j DOCKER-USER\\$" | grep -v -e "$others" || true
  done
}

# Each of our chains hangs where it belongs, and the network's hang in ours.
jump() { # table chain target, -A to hang it last
  is $xt -w -t "$1" -C "$2" -m comment --comment "$TAG" -j "$3" || $xt -w -t "$1" "\${4:--I}" "$2" -m comment --comment "$TAG" -j "$3"
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

up_firewall() {
  up_rules
  if has_ipv6; then
    (as_ipv6; up_rules)
  elif [ -e "$ROOT/$vni/rules6" ] && need "there are rules of IPv6, which the network has no more"; then
    down_firewall_ipv6
  fi
  up_bridge_filter
}

up_rules() {
  firewall_rules > "$scratch/rules"
  if cmp -s "$scratch/rules" "$ROOT/$vni/rules$six" && [ "$(firewall_now)" = "$(cat "$ROOT/$vni/rules$six.seen" 2>/dev/null)" ]; then
    return 0
  fi
  if need "firewall rules\${six:+ of IPv6} are missing or changed"; then
    if $xt -w -N DOCKER-USER 2>/dev/null; then $xt -w -A DOCKER-USER -j RETURN; fi
    # dockerd puts it there when it starts; somebody's iptables -F takes it away, and our rules with it
    is $xt -w -C FORWARD -j DOCKER-USER || $xt -w -I FORWARD 1 -j DOCKER-USER
    for entry in $CHAINS; do
      table=\${entry%%:*} rest=\${entry#*:}
      is $xt -w -t "$table" -N "\${rest%%:*}" || true
      jump "$table" "\${rest#*:}" "\${rest%%:*}"
    done
    jump_ports
    if has_policy; then
      is $xt -w -N "CLK-G-$vni" || true
      jump filter CLOCKER-POLICY "CLK-G-$vni"
    else
      unjump filter CLOCKER-POLICY "CLK-G-$vni"
    fi
    $xt-restore -w -n < "$scratch/rules" || fail "$xt does not take the rules: the kernel needs the matches u32, conntrack and the target CT"
    jump raw CLOCKER-PREROUTING "CLK-R-$vni"
    jump raw CLOCKER-OUTPUT "CLK-O-$vni"
    jump nat CLOCKER-POSTROUTING "CLK-N-$vni"
    jump filter CLOCKER-INPUT "CLK-I-$vni"
    jump filter CLOCKER-FORWARD "CLK-F-$vni" -A
    drop_old_policy "$scratch/rules"
    cp "$scratch/rules" "$ROOT/$vni/rules$six"
    firewall_now > "$ROOT/$vni/rules$six.seen"
  fi
}

unjump() { while is $xt -w -t "$1" -D "$2" -m comment --comment "$TAG" -j "$3"; do :; done; }
drop_chain() { if is $xt -w -t "$1" -F "$2"; then $xt -w -t "$1" -X "$2"; fi; }

down_firewall() {
  unjump raw CLOCKER-PREROUTING "CLK-R-$vni"
  unjump raw CLOCKER-OUTPUT "CLK-O-$vni"
  unjump nat CLOCKER-POSTROUTING "CLK-N-$vni"
  unjump filter CLOCKER-INPUT "CLK-I-$vni"
  unjump filter CLOCKER-FORWARD "CLK-F-$vni"
  unjump filter CLOCKER-POLICY "CLK-G-$vni"
  for chain in R X O T U; do drop_chain raw "CLK-$chain-$vni"; done
  drop_chain nat "CLK-N-$vni"
  unjump nat CLOCKER-PORTS "CLK-E-$vni"
  for chain in I F G; do drop_chain filter "CLK-$chain-$vni"; done
  drop_chain nat "CLK-E-$vni"
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
  [ -n "$six" ] || drop_ports
  for entry in $CHAINS; do
    table=\${entry%%:*} rest=\${entry#*:}
    unjump "$table" "\${rest#*:}" "\${rest%%:*}"
    drop_chain "$table" "\${rest%%:*}"
  done
}
`;
