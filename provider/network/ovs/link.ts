/**
 * Containers hang on Docker's bridge as ever, so Docker attaches them again by itself. From there a veth leads into the
 * network's Open vSwitch bridge (as OpenStack's hybrid plug does), whose other port is the tunnel. The tunnel is a VXLAN
 * link of the kernel: Open vSwitch's own tunnels in user space would need the host's network card for themselves.
 */
export const OVS_PART = `
ovs_names() { switch=cns$vni inner=cno$vni outer=cnp$vni; }

refuse_ovs() {
  refuse_foreign_links
  refuse_foreign_vxlan
  refuse_unfit_underlay 50
  ovs_names
  for name in "$inner" "$outer" "$switch"; do
    is ip link show dev "$name" || continue
    [ -e "$ROOT/$vni/config" ] || conflict "there is a link $name that is not ours"
  done
}

ovs() { ovs-vsctl --timeout=20 "$@"; }
ovs_answers() { is ovs-vsctl --timeout=5 --no-wait show; }

ovs_in_kernel() {
  [ -d /sys/module/openvswitch ] || { is command -v modprobe && is modprobe -q openvswitch; }
}

ovs_datapath() {
  case $(setting datapath) in
    kernel) echo system ;;
    userspace) echo netdev ;;
    *) if ovs_in_kernel; then echo system; else echo netdev; fi ;;
  esac
}

# As the package starts it; its way gives up where the kernel has no Open vSwitch, so there we start the two daemons.
ovs_start() {
  if ovs_in_kernel; then
    if systemd; then systemctl start openvswitch-switch.service; else /etc/init.d/openvswitch-switch start >/dev/null; fi
  else
    mkdir -p /run/openvswitch /etc/openvswitch "$RUN"
    db=/etc/openvswitch/conf.db
    [ -s "$db" ] || ovsdb-tool create "$db" /usr/share/openvswitch/vswitch.ovsschema
    touch "$RUN/ovs-ours"
    for start in "ovsdb-server $db --remote=punix:/run/openvswitch/db.sock" "ovs-vswitchd unix:/run/openvswitch/db.sock"; do
      name=\${start%% *}
      setsid $start "--pidfile=/run/openvswitch/$name.pid" --log-file=/dev/null --no-chdir --detach </dev/null >/dev/null 2>&1
      [ "$name" = ovs-vswitchd ] || ovs-vsctl --timeout=10 --no-wait init
    done
  fi
  ovs_answers || fail "Open vSwitch does not start"
}

# User space reads whole packets: what the kernel would leave to the network card is done before.
offloads_off() {
  perl -e '
    my $link = shift;
    socket(my $s, 2, 2, 0) or die "socket: $!";
    # ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO by SIOCETHTOOL
    for my $what (0x17, 0x1f, 0x25, 0x2c) {
      my $value = pack("LL", $what, 0);
      ioctl($s, 0x8946, pack("a16P", $link, $value));
    }' "$1"
}

up_ovs() {
  up_bridge
  ovs_names
  up_tunnel || return 0
  if ! is ip link show dev "$inner"; then
    if need "the link $inner is missing"; then
      ip link add "$inner" mtu "$mtu" type veth peer name "$outer" mtu "$mtu"
      for name in "$inner" "$outer"; do
        ip link set dev "$name" alias "$TAG:$owner" up
        offloads_off "$name"
      done
      offloads_off "$link"
    else
      return 0
    fi
  fi
  for name in "$inner" "$outer"; do
    if [ "$(mtu_of "$name")" != "$mtu" ] && need "the link $name has another MTU than $mtu"; then ip link set dev "$name" mtu "$mtu"; fi
  done
  case $(ip -o link show dev "$inner") in
    *" master $bridge "*) ;;
    *) if need "the link $inner is not in the bridge"; then ip link set dev "$inner" master "$bridge"; fi ;;
  esac
  if ! ovs_answers; then
    if need "Open vSwitch is not running"; then ovs_start; else return 0; fi
  fi
  path=$(ovs_datapath)
  if [ "$(ovs get bridge "$switch" datapath_type 2>/dev/null)" != "$path" ] && need "the Open vSwitch bridge $switch is missing or has another datapath"; then
    ovs -- --may-exist add-br "$switch" -- set bridge "$switch" "datapath_type=$path" fail-mode=standalone "external-ids:clocker=\\"$owner\\""
  fi
  ports=$(ovs list-ports "$switch" 2>/dev/null) || return 0
  for name in "$outer" "$link"; do
    if ! echo "$ports" | grep -qxF "$name" && need "the link $name is not in the Open vSwitch bridge"; then
      ovs --may-exist add-port "$switch" "$name"
    fi
  done
  if [ -n "$moved" ] && [ "$fix" = 1 ]; then
    forget_far
    ip link set dev "$inner" type bridge_slave fdb_flush
    ip neigh flush dev "$bridge"
    is ovs-appctl fdb/flush "$switch" || true
  fi
}

down_ovs() {
  ovs_names
  if ovs_answers; then
    ovs --if-exists del-br "$switch"
    if [ -e "$RUN/ovs-ours" ] && [ -z "$(ovs list-br)" ]; then
      ovs-appctl exit
      ovs-appctl --target=ovsdb-server exit
      rm -f "$RUN/ovs-ours"
    fi
  fi
  for name in "$inner" "$link" "$bridge"; do drop_link "$name"; done
}

paths_ovs() { :; }
`;
