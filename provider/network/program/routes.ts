/**
 * Routes to the blocks of other hosts, for drivers that route them. They carry a protocol number of ours, so that those
 * of a network can be told from all others: marked, and within its CIDR. The bridge answers ARP for what is elsewhere.
 */
export const ROUTES_PART = `
PROTOCOL=201

routes_now() {
  ip "-\${six:-4}" route show root "$cidr" proto $PROTOCOL 2>/dev/null | sed 's/ scope [a-z]*//; s/ linkdown//; s/ metric 1024//; s/ pref medium//; s/ *$//'
}

# "destination how" on standard input: every route that the network is to have.
up_routes() {
  cat > "$scratch/routes"
  routes_now > "$scratch/routes.now"
  while read -r to how; do
    if grep -qxF "$to $how" "$scratch/routes.now"; then continue; fi
    if need "the route to $to is missing"; then
      ip "-\${six:-4}" route replace "$to" $how proto $PROTOCOL
      claim "$to"
    fi
  done < "$scratch/routes"
  while read -r to how; do
    if cut -d ' ' -f 1 "$scratch/routes" | grep -qxF "$to"; then continue; fi
    if need "there is a route to $to, where the network has nothing"; then
      ip "-\${six:-4}" route del "$to" proto $PROTOCOL
      case $how in "dev $bridge "*) claim "$to" ;; esac
    fi
  done < "$scratch/routes.now"
}

# $1 lists the routes of a family.
up_routes_of_both() {
  "$1" | up_routes
  if has_ipv6; then (as_ipv6; "$1" | up_routes); fi
}

drop_routes() {
  routes_now | while read -r to how; do ip "-\${six:-4}" route del "$to" proto $PROTOCOL || true; done
}

down_routes() {
  drop_routes
  if has_ipv6; then (as_ipv6; drop_routes); fi
}

# Containers of this host may still know a lone address by the container that had it here: now it is the bridge's.
claim() {
  case $1 in
    */*) return 0 ;;
    *:*) claim_ipv6 "$1"; return 0 ;;
  esac
  perl -e '
    my ($index, $mac, $address) = @ARGV;
    my $hw = pack("H12", $mac =~ s/://gr);
    my $ip = pack("C4", split(/\\./, $address));
    socket(my $s, 17, 3, unpack("n", pack("S", 0x0806))) or die "socket: $!";
    my $frame = "\\xff" x 6 . $hw . pack("n", 0x0806) . pack("nnCCn", 1, 0x0800, 6, 4, 1) . $hw . $ip . "\\xff" x 6 . $ip;
    send($s, $frame, 0, pack("SnlSCCa8", 17, 0x0806, $index, 1, 0, 6, "\\xff" x 6)) or die "send: $!";
  ' "$(cat "/sys/class/net/$bridge/ifindex")" "$mac" "$1" || true
}

# $1 file under /proc/sys/net, $2 value
up_switch() {
  if [ "$(cat "/proc/sys/net/$1")" != "$2" ] && need "the setting $1 is not $2"; then
    echo "$2" > "/proc/sys/net/$1"
  fi
}

up_proxy() {
  is ip link show dev "$bridge" || return 0
  up_switch "ipv4/conf/$bridge/proxy_arp" 1
  up_switch "ipv4/neigh/$bridge/proxy_delay" 0
}

# Lines "underlay destination": each peer's block and lone addresses, which are written as the kernel shows them.
destinations() { sed -n "s,/$bits\$,,; s/^peer$six //p; s/^extra$six \\([0-9]\\)/\\1/p" "$config"; }
`;
