/**
 * One WireGuard link a network. New keys come on a second link beside the first: `apply` makes it on every host,
 * `activate` moves the routes, `retire` removes the old link and its key. So packets are always received both ways.
 * The private key is made here, is readable by root only, and is never printed or passed as an argument.
 */
export const WIREGUARD_PART = `
wg_names() {
  keyversion=$(setting keyversion)
  if [ $((keyversion % 2)) = 1 ]; then wg=cnw$vni old=cnx$vni; else wg=cnx$vni old=cnw$vni; fi
  key=$ROOT/$vni/wg-$keyversion.key
}

refuse_wireguard() {
  refuse_foreign_links
  refuse_unfit_underlay 60
  for name in cnw$vni cnx$vni; do
    is ip link show dev "$name" || continue
    [ -e "$ROOT/$vni/wg.port" ] || conflict "there is a link $name that is not ours"
  done
}

# The host's key and port, made when they are not there yet; what the others may know of them is printed.
introduce_wireguard() {
  wg_names
  mkdir -p "$ROOT/$vni"
  chmod 755 /var/lib/clocker "$ROOT" "$ROOT/$vni"
  [ -e "$ROOT/$vni/introduced" ] || echo "$owner" > "$ROOT/$vni/introduced"
  if [ ! -s "$key" ]; then
    (umask 077; wg genkey > "$key.new")
    mv "$key.new" "$key"
  fi
  if [ ! -s "$ROOT/$vni/wg.port" ]; then
    number=$(setting firstport)
    until wg_port_free "$number"; do number=$((number + 2)); done
    echo "$number" > "$ROOT/$vni/wg.port"
  fi
  echo "fact publickey $(wg pubkey < "$key")"
  echo "fact port $(($(cat "$ROOT/$vni/wg.port") + keyversion % 2))"
}

# Neither somebody listens there, nor does a network that is down at the moment.
wg_port_free() {
  for port in "$1" $(($1 + 1)); do
    if grep -qi ":$(printf '%04X' "$port") " /proc/net/udp /proc/net/udp6; then return 1; fi
  done
  ! grep -qxF "$1" "$ROOT"/*/wg.port 2>/dev/null
}

wg_make() {
  if ! ip link add "$wg" type wireguard 2>/dev/null; then
    is command -v wireguard-go || fail "neither the kernel has WireGuard nor is wireguard-go there: install the package wireguard-go"
    rm -f "/run/wireguard/$wg.sock"
    if systemd; then
      start_unit "clocker-$wg" --setenv=WG_PROCESS_FOREGROUND=1 wireguard-go "$wg"
    else
      setsid wireguard-go "$wg" </dev/null >/dev/null 2>&1
    fi
    tries=0
    until [ -S "/run/wireguard/$wg.sock" ] && is ip link show dev "$wg"; do
      tries=$((tries + 1))
      [ "$tries" -le 250 ] || fail "wireguard-go does not start"
      sleep 0.02
    done
  fi
  ip link set dev "$wg" alias "$TAG:$owner"
}

# $1 a link. On one without an address the kernel takes loose for strict, and drops what comes by it while the way back is
# still, or already, the other one.
wg_address() {
  is ip link show dev "$1" || return 0
  case $(ip -o -4 addr show dev "$1") in *" inet $gateway/32 "*) return 0 ;; esac
  if need "the link $1 has no address"; then ip addr add "$gateway/32" dev "$1"; fi
}

wg_drop() {
  drop_link "$1"
  rm -f "/run/wireguard/$1.sock"
}

# $1 underlay address of a peer: what comes from it and goes to it, with the prefix that the kernel shows.
allowed_of() { destinations | sed -n "s/^$1 //p" | sed "s,^[^/]*\$,&/$bits,"; }

# Lines "key endpoint addresses": what each peer is to be.
wg_peers() {
  for far in $peers; do
    theirs=$(fact_of "$far" publickey)
    [ -n "$theirs" ] || continue
    to=$({ allowed_of "$far"; if has_ipv6; then (as_ipv6; allowed_of "$far"); fi; } | sort | paste -sd ,)
    echo "$theirs $far:$(fact_of "$far" port) $to"
  done
}

up_wireguard() {
  up_bridge
  wg_names
  up_proxy
  if [ "$(wg pubkey 2>/dev/null < "$key")" != "$(fact_of self publickey)" ]; then
    echo "differs the host has not the key that the others know"
    [ "$fix" = 0 ] || fail "the host has not the key that the others know: run pulumi up again"
    return 0
  fi
  if ! is ip link show dev "$wg"; then
    if need "the link $wg is missing"; then wg_make; else return 0; fi
  fi
  listen=$(fact_of self port)
  if [ "$(wg show "$wg" public-key) $(wg show "$wg" listen-port)" != "$(fact_of self publickey) $listen" ]; then
    if need "the link $wg has another key or port"; then wg set "$wg" listen-port "$listen" private-key "$key"; fi
  fi
  wg_peers > "$scratch/wg"
  wg show "$wg" allowed-ips | while read -r theirs to; do
    echo "$theirs $(echo "$to" | tr ' ' '\\n' | sort | paste -sd ,)"
  done > "$scratch/wg.now"
  # a peer may be met elsewhere by now, so what counts is where it was told to be
  told=$ROOT/$vni/wg.told
  while read -r theirs at to; do
    grep -qxF "$theirs $to" "$scratch/wg.now" && grep -qsxF "$theirs $at $to" "$told" && continue
    if need "the tunnel to \${at%:*} is missing"; then
      # kept alive: a host that boots greets its peers, who else would go on with the keys of before for 15 seconds
      wg set "$wg" peer "$theirs" endpoint "$at" allowed-ips "$to" persistent-keepalive 25
    fi
  done < "$scratch/wg"
  while read -r theirs to; do
    cut -d ' ' -f 1 "$scratch/wg" | grep -qxF "$theirs" && continue
    if need "there is a tunnel to $to, which is no peer"; then wg set "$wg" peer "$theirs" remove; fi
  done < "$scratch/wg.now"
  if [ "$fix" = 1 ] && ! cmp -s "$scratch/wg" "$told"; then
    cp "$scratch/wg" "$told.new"
    mv "$told.new" "$told"
  fi
  if [ "$(mtu_of "$wg")" != "$mtu" ] && need "the link $wg has another MTU than $mtu"; then ip link set dev "$wg" mtu "$mtu"; fi
  # while both links are there, answers may come in by the other one
  up_switch "ipv4/conf/$wg/rp_filter" 2
  for each in "$wg" "$old"; do wg_address "$each"; done
  if has_ipv6; then up_switch "ipv6/conf/$wg/disable_ipv6" 0; fi
  case $(ip -o link show dev "$wg") in
    *[\\<,]UP[,\\>]*) ;;
    *) if need "the link $wg is down"; then ip link set dev "$wg" up; fi ;;
  esac
  if is ip link show dev "$old"; then
    [ "$fix" = 1 ] || echo "differs the old keys are still in use"
    return 0
  fi
  up_routes_of_both wireguard_routes
}

wireguard_routes() {
  for address in $(sed -n "s/^extra$six self //p" "$config"); do echo "$address dev $bridge src $gateway"; done
  destinations | while read -r _ to; do echo "$to dev $wg src $gateway"; done
}

activate_wireguard() {
  wg_names
  up_routes_of_both wireguard_routes
}

retire_wireguard() {
  wg_names
  wg_drop "$old"
  for file in "$ROOT/$vni"/wg-*.key; do [ "$file" = "$key" ] || rm -f "$file"; done
}

down_wireguard() {
  down_routes
  wg_drop cnw$vni
  wg_drop cnx$vni
  drop_link "$bridge"
}

# Both ports that the network uses, one for each key.
wg_ports() {
  number=$(cat "$ROOT/$vni/wg.port")
  echo "$number:$((number + 1))"
}

paths_wireguard() { echo "cnw$vni cnx$vni"; }
`;
