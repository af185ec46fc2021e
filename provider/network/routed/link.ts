/** Blocks of the peers are routed to them over the hosts' own link. */
export const ROUTED_PART = `
refuse_routed() {
  refuse_foreign_links
  refuse_unfit_underlay 0
  for peer in $peers; do
    case $(ip -o -4 route get "$peer" 2>/dev/null) in
      *" via "*) conflict "the host at $peer is no neighbour of this one, and driver routed needs neighbours" ;;
    esac
  done
}

# IPv6 goes to a neighbour by its address on the link, which it tells the others.
introduce_routed() {
  device=$(underlay_device)
  near=$(ip -o -6 addr show dev "$device" scope link -tentative 2>/dev/null | sed -n '1s/.* inet6 \\([^/]*\\).*/\\1/p')
  [ -n "$near" ] || conflict "the network has IPv6, and $device has no link-local address"
  echo "fact linklocal $near"
}

routed_routes() {
  device=$(underlay_device)
  for address in $(sed -n "s/^extra$six self //p" "$config"); do echo "$address dev $bridge src $gateway"; done
  destinations | while read -r far to; do
    if [ -n "$six" ]; then near=$(fact_of "$far" linklocal); else near=$far; fi
    # one that did not tell is not reachable now; it is told when it is
    [ -n "$near" ] || continue
    echo "$to via $near dev $device src $gateway"
  done
}

up_routed() {
  up_bridge
  up_proxy
  up_routes_of_both routed_routes
}

down_routed() {
  down_routes
  drop_link "$bridge"
}

paths_routed() { underlay_device; }
`;
