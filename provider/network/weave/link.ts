import { ANNOUNCE } from "../gratuitous-arp.js";

/**
 * Weave's router on a host: one for all networks of the driver, also those of other stacks. Docker keeps it running
 * (`--restart always`), also after a boot. We launch it where none runs, tell it of the other hosts, and end it with the
 * last network if it was us who launched it. Its bridge gets every network's gateway address, as with any plugin.
 *
 * What is noted in $WEAVE: `launched`, with what, if it was us; `peers`, the hosts that we joined; `lost`, hosts that are gone and
 * whose part of the range this one is to take; `gateway`, whether docker_gwbridge, over which Docker leads such containers outside,
 * came with us.
 */
export const WEAVE_PART = `
WEAVE=/var/lib/clocker/weave
# how Weave calls the links of Docker's containers on the host, with the first nine characters of the endpoint's id
CONTAINER_LINKS=vethwl

# Frames of all networks are on one bridge.
shares_bridge() { [ "$driver" = weave ]; }

weave_launched() { [ -e "$WEAVE/launched" ]; }

# Other networks of the driver on this host.
weave_others() {
  for other in "$ROOT"/*/config; do
    [ "$other" = "$ROOT/$vni/config" ] || ! grep -qsx "driver weave" "$other" || echo "$other"
  done
}

refuse_weave() {
  weave_runs || return 0
  for pair in Range:range DefaultSubnet:subnet; do
    have=$(weave_says "\${pair%:*}")
    want=$(setting "\${pair#*:}")
    [ -n "$have" ] || conflict "Weave's router runs without its allocator of addresses: launch it with --ipalloc-range $want"
    [ "$have" = "$want" ] || conflict "Weave's router has \${pair%:*} $have, and the network wants $want: all networks of a host share the router"
  done
  have=$(mtu_of weave)
  [ -z "$have" ] || [ "$have" = "$mtu" ] || weave_alone || conflict "Weave's bridge has MTU $have, and the network wants $mtu: all networks of a host share it, so set mtu to $have"
  refuse_weave_dns
  weave_launched && return 0
  [ "$(weave_says Encryption)" = "$(weave_encryption)" ] || conflict "Weave's router was launched by somebody else, with encryption $(weave_says Encryption): launch it with the password of the network, or give the network its password"
}

weave_encryption() { if [ "$(setting encrypted)" = yes ]; then echo enabled; else echo disabled; fi; }

# The router is ours, and no other network uses it.
weave_alone() { weave_launched && [ -z "$(weave_others)" ]; }

up_weave() {
  # at boot Docker brings the router, and the waiter is there when it does
  if [ -z "$booting" ]; then
    weave_folder
    weave_router
    weave_peers
    weave_take_back
    find_weave_dns
  fi
  if answers_by_weave; then told=$WEAVE_HTTP; fi
  announced=$CONTAINER_LINKS
  up_plugin
}

plug_weave() { plug_plugin; }

# When Docker starts, the router comes with it, and too late for containers that are to run always: Docker does not try
# again. In the minutes after its start, whoever waits for the bridge starts those.
revive_weave() {
  weave_runs || return 0
  revive_where weavemesh plugin
}

# $@ links of containers that were not there before. Each has another MAC than the one that had its address, and whoever
# knew that would look for it there for some time. Fails while Docker or a container is not ready for it.
announce_weave() {
  attached=$(timeout 10 docker network inspect --format '{{range $id, $end := .Containers}}{{$end.EndpointID}} {{$id}} {{$end.IPv4Address}}{{println}}{{end}}' "$network-$vni")
  echo "$attached" | while read -r endpoint id address; do
    case " $* " in
      *" $CONTAINER_LINKS$(echo "$endpoint" | cut -c 1-9) "*) echo "$(docker inspect --format '{{.State.Pid}}' "$id") \${address%/*}" ;;
    esac
  done | announce_containers
}

announce_containers() (
${ANNOUNCE}
)

weave_folder() {
  if [ ! -e "$WEAVE/gateway" ] && need "nothing is noted of Weave on the host"; then
    mkdir -p "$WEAVE"
    if is docker network inspect docker_gwbridge; then echo kept; else echo ours; fi > "$WEAVE/gateway"
  fi
}

# Where the router's password is: a network without one joins those that have one.
weave_secrets() {
  for file in "$ROOT/$vni/secrets" $(weave_others | sed 's/config$/secrets/'); do
    if grep -qs '^password ' "$file"; then echo "$file"; return 0; fi
  done
}

# What the router was launched with, without the password itself.
weave_settings() {
  echo "mtu $mtu"
  echo "fastdp $(setting fastdp)"
  echo "encrypted $([ -z "$(weave_secrets)" ] || echo yes)"
  echo "range $(setting range)"
  echo "subnet $(setting subnet)"
}

weave_password() { [ -z "$(weave_secrets)" ] || sed -n 's/^password //p' "$(weave_secrets)" | base64 -d; }

weave_router() {
  if ! weave_runs; then
    if need "Weave's router is not running"; then
      # one that was stopped, or that died, is in the way of a new one
      ! weave_launched || is weave stop || true
      weave_launch
    fi
    return 0
  fi
  weave_launched || return 0
  if [ "$(weave_settings)" != "$(cat "$WEAVE/launched")" ]; then
    if need "Weave's router has other settings"; then weave_again; fi
  elif grep -qs '^password ' "$ROOT/$vni/secrets" && [ "$(weave_password | cksum)" != "$(cat "$WEAVE/password" 2>/dev/null)" ]; then
    if need "Weave's router has another password"; then weave_again; fi
  fi
}

# Containers keep their links meanwhile; only what goes to other hosts waits.
weave_again() {
  is weave stop || true
  weave_launch
}

weave_launch() {
  # where the kernel has no fast datapath, Weave makes a plain bridge, and the next launch has to ask for that
  if [ "$(setting fastdp)" = no ] || { [ -d /sys/class/net/weave/bridge ] && [ ! -e /sys/class/net/datapath ]; }; then
    WEAVE_NO_FASTDP=1
    export WEAVE_NO_FASTDP
  fi
  if ! said=$(
    WEAVE_PASSWORD=$(weave_password)
    [ -n "$WEAVE_PASSWORD" ] && export WEAVE_PASSWORD || unset WEAVE_PASSWORD
    CHECKPOINT_DISABLE=1 WEAVE_MTU=$mtu weave launch --name "$(weave_name "$underlay")" --no-discovery \\
      --ipalloc-range "$(setting range)" --ipalloc-default-subnet "$(setting subnet)" $peers 2>&1 </dev/null
  ); then
    fail "weave launch failed: $(echo "$said" | tail -n 3 | tr '\\n' ' ')"
  fi
  tries=0
  until weave_runs; do
    tries=$((tries + 1))
    [ "$tries" -le 150 ] || fail "Weave's router does not answer on $WEAVE_HTTP after weave launch"
    sleep 0.1
  done
  weave_settings > "$WEAVE/launched.new"
  mv "$WEAVE/launched.new" "$WEAVE/launched"
  (umask 077 && weave_password | cksum > "$WEAVE/password")
}

# The hosts of all our networks here, one a line.
weave_wanted() { cat "$ROOT"/*/config | awk '$1 == "driver" { weave = $2 == "weave" } weave && $1 == "peer" { print $2 }' | sort -u; }

weave_peers() {
  if [ "$fix" = 0 ]; then
    weave_runs || return 0
    weave_missing | while read -r peer; do echo "differs Weave's router is not connected to $peer"; done
    return 0
  fi
  weave_wanted > "$scratch/peers"
  touch "$WEAVE/peers"
  # to hosts that left, no connection is tried any more
  for peer in $(comm -13 "$scratch/peers" "$WEAVE/peers"); do weave_ask POST /forget "peer=$peer" >/dev/null || true; done
  cp "$scratch/peers" "$WEAVE/peers.new"
  mv "$WEAVE/peers.new" "$WEAVE/peers"
  [ -n "$(weave_missing)" ] || return 0
  weave_ask POST /connect "$(weave_missing | sed 's/^/peer=/' | paste -s -d '&' -)" >/dev/null || true
  # routers that are not there yet connect to ours when they come
  tries=0
  for peer in $(weave_missing); do
    weave_listens "$peer" || continue
    until weave_connected | grep -qx "$peer"; do
      tries=$((tries + 1))
      [ "$tries" -le 100 ] || fail "Weave's router has no connection to $peer: $(weave_ask GET /status/connections | grep -F " $peer:" | head -n 1 | sed 's/  */ /g')"
      sleep 0.1
    done
  done
}

take_back_weave() {
  grep -qsx "$1" "$WEAVE/lost" || echo "$1" >> "$WEAVE/lost"
  weave_take_back
}

# A router that ended in order has handed its part of the range to another one. One that is still connected, or listens, is not gone, and has
# it until it is: others may use it. A host that is back among ours keeps it.
weave_take_back() {
  [ -s "$WEAVE/lost" ] && weave_runs || return 0
  weave_wanted > "$scratch/wanted"
  weave_ask GET /status/ipam > "$scratch/ipam" || return 0
  : > "$scratch/lost"
  grep -vxF -f "$scratch/wanted" "$WEAVE/lost" | while read -r peer; do
    case $(grep -F "$(weave_name "$peer")(" "$scratch/ipam") in
      "") continue ;;
      *unreachable!*)
        if weave_listens "$peer"; then :; elif need "what $peer, which is gone, held of Weave's range is not taken back"; then
          weave_ask DELETE "/peer/$(weave_name "$peer")" >/dev/null && continue
        fi
        ;;
    esac
    echo "$peer" >> "$scratch/lost"
  done
  if [ "$fix" = 1 ]; then
    cp "$scratch/lost" "$WEAVE/lost.new"
    mv "$WEAVE/lost.new" "$WEAVE/lost"
  fi
}

weave_missing() {
  for peer in $peers; do weave_connected | grep -qx "$peer" || echo "$peer"; done
}

down_weave() {
  announced=$CONTAINER_LINKS
  down_plugin
  [ -n "$(weave_others)" ] || weave_end
}

# The last network is gone: a router that was ours goes, if nobody else's containers are on its bridge.
weave_end() {
  if weave_launched; then
    if ! ls /sys/class/net/weave/brif 2>/dev/null | grep -q -e "^$CONTAINER_LINKS" -e '^vethwepl'; then
      # it tells the others that it goes, and gives them its part of the range; one that has died cannot
      is weave reset || is weave reset --force || fail "weave reset failed: Weave's router stays on the host"
    fi
  else
    for peer in $(cat "$WEAVE/peers" 2>/dev/null); do weave_ask POST /forget "peer=$peer" >/dev/null || true; done
  fi
  if grep -qsx ours "$WEAVE/gateway"; then is docker network rm docker_gwbridge || true; fi
  rm -rf "$WEAVE"
}

paths_weave() { :; }
`;
