/**
 * The VXLAN link and its forwarding table: one flood entry for each peer, everything else is learned. Addresses
 * decide MACs, so what was learned is wrong only when a block changes its host; then it is forgotten.
 */
export const VXLAN_PART = `
link_fits() {
  case $(ip -d -o link show dev "$link" 2>/dev/null) in
    *"vxlan id $vni local $underlay "*" dstport $port "*) return 0 ;;
  esac
  return 1
}

refuse_vxlan() {
  refuse_foreign_links
  refuse_foreign_vxlan
  refuse_unfit_underlay 50
}

# Another link with our VNI and port would take our frames.
refuse_foreign_vxlan() {
  ip -d -o link show type vxlan 2>/dev/null | while read -r _ name rest; do
    name=\${name%%[:@]*}
    [ "$name" = "$link" ] && continue
    case $rest in
      *"vxlan id $vni "*" dstport $port "*) conflict "the link $name already uses VNI $vni, and it is not ours" ;;
    esac
  done
}

forget_learned() {
  forget_far
  ip link set dev "$link" type bridge_slave fdb_flush
  ip neigh flush dev "$bridge"
}

forget_far() {
  bridge fdb show dev "$link" | while read -r address word far rest; do
    [ "$word" = dst ] || continue
    [ "$address" = 00:00:00:00:00:00 ] || bridge fdb del "$address" dev "$link" dst "$far" self 2>/dev/null || true
  done
}

up_vxlan() {
  up_bridge
  up_tunnel || return 0
  case $(ip -o link show dev "$link") in
    *" master $bridge "*) ;;
    *) if need "the link $link is not in the bridge"; then ip link set dev "$link" master "$bridge"; fi ;;
  esac
  if [ -n "$moved" ] && [ "$fix" = 1 ]; then forget_learned; fi
}

# The link with its entries; false when it is not there and stays so.
up_tunnel() {
  if is ip link show dev "$link" && ! link_fits; then
    if need "the link $link has other settings"; then ip link del dev "$link"; fi
  fi
  if ! is ip link show dev "$link"; then
    if need "the link $link is missing"; then
      ip link add "$link" type vxlan id "$vni" local "$underlay" dstport "$port"
      ip link set dev "$link" alias "$TAG:$owner"
    else
      return 1
    fi
  fi
  state=$(ip -o link show dev "$link")
  case $state in
    *" mtu $mtu "*) ;;
    *) if need "the link $link has another MTU than $mtu"; then ip link set dev "$link" mtu "$mtu"; fi ;;
  esac
  case $state in
    *[\\<,]UP[,\\>]*) ;;
    *) if need "the link $link is down"; then ip link set dev "$link" up; fi ;;
  esac
  have=$(bridge fdb show dev "$link" 2>/dev/null | sed -n 's/^00:00:00:00:00:00 dst \\([^ ]*\\) .*/\\1/p')
  for far in $have; do
    case " $peers " in
      *" $far "*) ;;
      *) if need "packets still go to $far, which is no peer"; then
           bridge fdb del 00:00:00:00:00:00 dev "$link" dst "$far"
         fi ;;
    esac
  done
  for far in $peers; do
    case " $(echo $have) " in
      *" $far "*) ;;
      *) if need "the entry for peer $far is missing"; then
           bridge fdb append 00:00:00:00:00:00 dev "$link" dst "$far"
         fi ;;
    esac
  done
}

down_vxlan() {
  drop_link "$link"
  drop_link "$bridge"
}

paths_vxlan() { :; }
`;
