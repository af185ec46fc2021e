/**
 * The host's own end of the overlay. Docker keeps the overlay's bridge in a network namespace of its own, which is there
 * while the host has containers on it, and is made anew with the first of them. A small process waits for it and plugs
 * our bridge in, so that containers find the name server at the gateway address. It looks at two file names ten times a
 * second.
 *
 * When Docker starts, the swarm may not give a container its attachment in time, and Docker does not try again although
 * the container is to run always. In the minutes after a start of Docker's the same process therefore starts those
 * that failed for this reason.
 */
export const SWARM_PART = `
refuse_swarm() {
  refuse_foreign_links
  refuse_unfit_underlay 50
}

overlay_waiter() {
  cat <<'PERL'
# Arguments: program, VNI, the link that is there while the overlay is plugged in, the overlay's namespace.
my ($program, $vni, $link, $namespace) = @ARGV;
my ($known, $until, $next) = ("", 0, 0);
# Docker keeps the namespace for a while without the bridge: after some seconds it is tried once a second.
my ($since, $tried) = (0, 0);
for (;;) {
  if (!-e $namespace || -e "/sys/class/net/$link") { $since = 0; }
  else {
    $since ||= time;
    if (time - $since < 5 || time > $tried) { system("sh", $program, "plug", $vni); $tried = time; }
  }
  my $started = (stat("/run/docker.pid"))[9] // "";
  if ($started ne $known) { $known = $started; $until = time + 300; $next = time + 2; }
  if (time >= $next && time < $until) { system("sh", $program, "revive", $vni); $next = time + 2; }
  select(undef, undef, undef, 0.1);
}
PERL
}

overlay_namespace() { echo "/run/docker/netns/1-$(sed -n 's/^fact [^ ]* network //p' "$config" | head -n 1 | cut -c 1-10)"; }

up_swarm() {
  up_bridge
  overlay_waiter > "$scratch/leg"
  keep_file "$scratch/leg" "$ROOT/$vni/leg" "the overlay's waiter is missing or changed" 644 || true
  agent=$(swarm_agent)
  up_agent leg "nobody waits for the overlay"
  if overlay_lives && ! is ip link show dev "$link"; then
    if need "the bridge $bridge is not plugged into the overlay"; then plug_swarm; fi
  fi
}

swarm_agent() { echo "/usr/bin/perl $ROOT/$vni/leg $PROGRAM $vni $link $(overlay_namespace)"; }

# When the host's last container on it has gone, the namespace may be left without the bridge.
overlay_lives() { [ -e "$(overlay_namespace)" ] && is nsenter --net="$(overlay_namespace)" ip link show dev br0; }

# Both ends go with the namespace.
plug_swarm() {
  overlay_lives || return 0
  namespace=$(overlay_namespace)
  ip link add "$link" mtu "$mtu" type veth peer name clocker netns "$namespace" 2>/dev/null || return 0
  ip link set dev "$link" alias "$TAG:$owner" master "$bridge" up
  nsenter --net="$namespace" ip link set dev clocker mtu "$mtu" master br0 up
}

# "attaching to network failed", "Could not attach to network", "network not found": whatever is not there yet after a boot
revive_swarm() { revive_where network; }

down_swarm() {
  agent=$(swarm_agent)
  down_agent leg
  drop_link "$link"
  drop_link "$bridge"
}

paths_swarm() { :; }
`;
