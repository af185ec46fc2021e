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

routed_routes() {
  device=$(underlay_device)
  for address in $(sed -n 's/^extra self //p' "$config"); do echo "$address dev $bridge src $gateway"; done
  destinations | while read -r far to; do echo "$to via $far dev $device src $gateway"; done
}

up_routed() {
  up_bridge
  up_proxy
  routed_routes | up_routes
}

down_routed() {
  down_routes
  drop_link "$bridge"
}

paths_routed() { underlay_device; }
`;
