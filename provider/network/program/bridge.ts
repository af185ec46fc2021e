/**
 * The bridge, with the gateway address. Its MAC is fixed: a bridge without one takes the lowest of its ports', which
 * changes as containers come and go, and every change is a gateway that nobody can find for half a minute.
 */
export const BRIDGE_PART = `
up_bridge() {
  if ! is ip link show dev "$bridge"; then
    if need "the bridge $bridge is missing"; then
      ip link add "$bridge" address "$mac" type bridge
      ip link set dev "$bridge" alias "$TAG:$owner"
    else
      return 0
    fi
  fi
  # dockerd makes a missing bridge itself when it starts before us
  if [ "$(alias_of "$bridge")" != "$TAG:$owner" ] && need "the bridge $bridge is not marked as ours"; then
    ip link set dev "$bridge" alias "$TAG:$owner"
  fi
  state=$(ip -o link show dev "$bridge")
  case $state in
    *"link/ether $mac "*) ;;
    *) if need "the bridge $bridge has another MAC"; then ip link set dev "$bridge" address "$mac"; fi ;;
  esac
  case $state in
    *" mtu $mtu "*) ;;
    *) if need "the bridge $bridge has another MTU than $mtu"; then ip link set dev "$bridge" mtu "$mtu"; fi ;;
  esac
  case $state in
    *[\\<,]UP[,\\>]*) ;;
    *) if need "the bridge $bridge is down"; then ip link set dev "$bridge" up; fi ;;
  esac
  addresses=$(ip -o -4 addr show dev "$bridge" | sed -n 's/.* inet \\([^ ]*\\) .*/\\1/p')
  for address in $addresses; do
    if [ "$address" != "$gateway/$prefix" ] && need "the bridge $bridge has the address $address"; then
      ip addr del "$address" dev "$bridge"
    fi
  done
  case " $(echo $addresses) " in
    *" $gateway/$prefix "*) ;;
    *) if need "the bridge $bridge lacks its address $gateway"; then
         ip addr add "$gateway/$prefix" brd + dev "$bridge"
       fi ;;
  esac
  up_bridge_ipv6
}

# Nothing that is not ours may have our names; asked before anything is touched.
refuse_foreign_links() {
  for name in "$bridge" "$link"; do
    is ip link show dev "$name" || continue
    mark=$(alias_of "$name")
    case $mark in
      "$TAG:$owner") ;;
      "$TAG:"*) conflict "the link $name belongs to the network of \${mark#"$TAG:"}" ;;
      *) [ -e "$ROOT/$vni/config" ] || conflict "there is a link $name that is not ours" ;;
    esac
  done
}

# Some links go by themselves with the namespace of their other end.
drop_link() {
  is ip link show dev "$1" || return 0
  is ip link del dev "$1" || ! is ip link show dev "$1" || fail "the link $1 cannot be removed"
}
`;
