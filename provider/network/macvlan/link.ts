/**
 * The host's own end of the link: macvlan links of one parent reach each other, but never the parent, so the host gets
 * one as well. It has the gateway's address alone; what is routed to it are the containers of this host, and the
 * whole network where it is not the LAN that the host is in already.
 */
export const MACVLAN_PART = `
refuse_macvlan() {
  refuse_foreign_links
  parent=$(setting parent)
  is ip link show dev "$parent" || conflict "there is no link $parent"
  have=$(mtu_of "$parent")
  [ "$mtu" = "$have" ] || conflict "MTU $mtu is not that of the link $parent, which is $have: set mtu to $have"
}

up_macvlan() {
  parent=$(setting parent)
  if ! is ip link show dev "$bridge"; then
    if need "the link $bridge is missing"; then
      ip link add link "$parent" name "$bridge" address "$mac" type macvlan mode bridge
      ip link set dev "$bridge" alias "$TAG:$owner"
    else
      return 0
    fi
  fi
  if [ "$(mtu_of "$bridge")" != "$mtu" ] && need "the link $bridge has another MTU than $mtu"; then
    ip link set dev "$bridge" mtu "$mtu"
  fi
  case $(ip -o link show dev "$bridge") in
    *[\\<,]UP[,\\>]*) ;;
    *) if need "the link $bridge is down"; then ip link set dev "$bridge" up; fi ;;
  esac
  case $(ip -o -4 addr show dev "$bridge") in
    *" inet $gateway/32 "*) ;;
    *) if need "the link $bridge lacks its address $gateway"; then ip addr add "$gateway/32" dev "$bridge"; fi ;;
  esac
  macvlan_routes | up_routes
}

macvlan_routes() {
  for to in $(sed -n 's/^set block //p; s/^extra self //p' "$config"); do echo "$to dev $bridge src $gateway"; done
  if [ "$(setting router)" = none ]; then echo "$cidr dev $bridge src $gateway"; fi
}

down_macvlan() {
  down_routes
  drop_link "$bridge"
}

paths_macvlan() { :; }
`;
