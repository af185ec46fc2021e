/**
 * IPv6 beside IPv4. Rules and routes are written once, with the words of a family: `as_ipv6` gives those of IPv6, in a
 * shell of its own. Hosts reach each other by IPv4 all the same, so links and tunnels have no second family.
 */
export const IPV6_PART = `
has_ipv6() { [ -n "$cidr6" ]; }

# Only in a shell of its own. $six tells files and words of the two families apart.
as_ipv6() { six=6 bits=128 xt=ip6tables cidr=$cidr6 prefix=$prefix6 gateway=$gateway6; }

refuse_without_ipv6() {
  has_ipv6 || return 0
  [ -d /proc/sys/net/ipv6 ] || conflict "the network has IPv6, and the host's kernel has it switched off"
  is command -v ip6tables || conflict "the network has IPv6, and ip6tables is not on the host: install the package iptables"
  filters_ipv6 || conflict "the network has IPv6, and $NO_FILTER6"
}

# $1 "-tentative": those alone that can be used already
global_ipv6() { ip -o -6 addr show dev "$bridge" scope global "$@" 2>/dev/null | sed -n 's/.* inet6 \\([^ ]*\\) .*/\\1/p'; }

# The gateway's address; nobody else on the network can have it, so it is not asked about.
up_bridge_ipv6() {
  is ip link show dev "$bridge" || return 0
  wanted6=
  if has_ipv6; then
    wanted6=$gateway6/$prefix6
    up_switch "ipv6/conf/$bridge/disable_ipv6" 0
    # who offers routes on the network is no router
    up_switch "ipv6/conf/$bridge/accept_ra" 0
  fi
  for address in $(global_ipv6); do
    if [ "$address" != "$wanted6" ] && need "the bridge $bridge has the address $address"; then
      ip -6 addr del "$address" dev "$bridge"
    fi
  done
  has_ipv6 || return 0
  # a dockerd that starts before us asks whether somebody has it, and is not done before the first container starts
  case " $(echo $(global_ipv6 -tentative)) " in
    *" $wanted6 "*) ;;
    *) if need "the bridge $bridge lacks its address $gateway6"; then
         is ip -6 addr del "$wanted6" dev "$bridge" || true
         ip -6 addr add "$wanted6" dev "$bridge" nodad
       fi ;;
  esac
  up_forwarding_ipv6
}

# Of a range that the network has no more.
drop_old_ipv6_routes() {
  [ -e "$ROOT/$vni/config" ] || return 0
  old=$(sed -n 's/^cidr6 //p' "$ROOT/$vni/config")
  [ -n "$old" ] && [ "$old" != "$cidr6" ] || return 0
  (cidr6=$old; as_ipv6; drop_routes)
}

# Who forwards takes no routes from routers any more, unless told to (2): each link goes on as before, as do those that come
# later. That lasts while it is we who forward, whoever is first to switch it on at boot; where it was on before us, it was so
# for a reason.
CONF6=/proc/sys/net/ipv6/conf
links_without_routes() { grep -lx 1 "$CONF6"/*/accept_ra 2>/dev/null || true; }
keep_taking_routes() {
  for file in $(links_without_routes); do { echo 2 > "$file"; } 2>/dev/null || true; done
}
up_forwarding_ipv6() {
  [ -z "$machine" ] || return 0
  if [ "$(cat "$CONF6/all/forwarding")" != 1 ]; then
    if need "the host does not forward IPv6"; then
      : > "$ROOT/forwards6"
      keep_taking_routes
      echo 1 > "$CONF6/all/forwarding"
    fi
  elif [ -e "$ROOT/forwards6" ] && [ -n "$(links_without_routes)" ]; then
    if need "the host forwards IPv6 and takes no routes from routers"; then keep_taking_routes; fi
  fi
}

# Containers look for all of the network on their bridge. Of IPv4 it answers for whatever is routed elsewhere; of IPv6 it has
# to be told each address: those of the other hosts, and every address that somebody has also has a name.
answers_for_others() { has_ipv6 && case $driver in routed | wireguard) true ;; *) false ;; esac; }

up_neighbours() {
  answers_for_others && is ip link show dev "$bridge" || return 0
  up_switch "ipv6/conf/$bridge/proxy_ndp" 1
  up_switch "ipv6/neigh/$bridge/proxy_delay" 0
  { addresses_elsewhere; sed -n 's/^host6 [^ ]* //p' "$config"; (as_ipv6; destinations | sed -n 's,^[^ ]* \\([^/]*\\)$,\\1,p'); } | sort -u > "$scratch/elsewhere"
  ip -6 neigh show proxy dev "$bridge" | sed 's/ .*//' | sort -u > "$scratch/elsewhere.now"
  if cmp -s "$scratch/elsewhere" "$scratch/elsewhere.now"; then return 0; fi
  if need "the bridge $bridge does not answer for the other hosts' containers"; then
    {
      comm -23 "$scratch/elsewhere" "$scratch/elsewhere.now" | sed "s/.*/neigh add proxy & dev $bridge/"
      comm -13 "$scratch/elsewhere" "$scratch/elsewhere.now" | sed "s/.*/neigh del proxy & dev $bridge/"
    } | ip -6 -batch -
  fi
}

# $1 lone address: containers of this host that know who had it here are told that the bridge has it now.
claim_ipv6() {
  perl -MSocket=inet_pton,AF_INET6 -e '
    my ($index, $mac, $address) = @ARGV;
    my $hw = pack("H12", $mac =~ s/://gr);
    my ($ip, $everyone) = map { inet_pton(AF_INET6, $_) } $address, "ff02::1";
    my $advertisement = sub { pack("CCnN", 136, 0, $_[0], 0x20000000) . $ip . pack("CC", 2, 1) . $hw };
    my $sum = unpack("%32n*", $ip . $everyone . pack("NN", 32, 58) . $advertisement->(0));
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    my $packet = pack("NnCC", 0x60000000, 32, 58, 255) . $ip . $everyone . $advertisement->(~$sum & 0xffff);
    my $all = pack("H12", "333300000001");
    socket(my $s, 17, 3, unpack("n", pack("S", 0x86dd))) or die "socket: $!";
    send($s, $all . $hw . pack("n", 0x86dd) . $packet, 0, pack("SnlSCCa8", 17, 0x86dd, $index, 1, 0, 6, $all)) or die "send: $!";
  ' "$(cat "/sys/class/net/$bridge/ifindex")" "$mac" "$1" || true
}

# IPv6 addresses that have a name, or will have one that leads to another container yet, and are neither in this host's block nor
# fixed for one of its containers.
addresses_elsewhere() {
  cat "$ROOT/$vni/names" "$ROOT/$vni/names.d"/* 2>/dev/null | sed -n 'h; s/^\\([0-9a-f]*:[^ ]*\\) .*/\\1/p; g; s/.* #\\([0-9a-f]*:.*\\)$/\\1/p' | sort -u |
    perl -MSocket=inet_pton,AF_INET6 -e '
      my ($base, $length, %own) = (split(/\\//, shift), map { $_ => 1 } @ARGV);
      my $bits = sub { substr(unpack("B128", inet_pton(AF_INET6, $_[0])), 0, $length) };
      my $block = $bits->($base);
      while (my $address = <STDIN>) {
        chomp $address;
        print "$address\\n" unless $own{$address} || $bits->($address) eq $block;
      }' "$block6" $(sed -n 's/^extra6 self //p' "$config")
}
`;
