/**
 * A network that somebody else's plugin makes. Ours is only the host's end: the plugin's link on the host gets the
 * gateway address, if the plugin has not given it that, and the name server and the rules go by that link. After a boot
 * the plugin makes its link when Docker asks it to, so a small process waits for it.
 */
export const PLUGIN_PART = `
refuse_plugin() { refuse_shared_link; }

# Name server and rules go by the link, so each network has one of its own.
refuse_shared_link() {
  for other in "$ROOT"/*/config; do
    [ "$other" != "$ROOT/$vni/config" ] && grep -qsx "bridge $bridge" "$other" || continue
    conflict "the link $bridge is that of network $(sed -n 's/^network //p' "$other") already"
  done
}

link_waiter() {
  cat <<'PERL'
# Arguments: program, VNI, link, what containers' links are called where each has a MAC of its own, and where a router listens
# that has to be told names. Looks whether the link is another one than before, whether Docker has started, which containers are
# new, and whether there is another router.
my ($program, $vni, $link, $prefix, $router) = @ARGV;
my ($known, $docker, $until, $next) = ("", "", 0, 0);
my ($asked, $told) = (0, "");
my (%there, %fresh, $pause, $again, $end);

# Docker tells of a container some moments after its link is there, and what is told may be lost: four times, ever later.
sub announce {
  my %now = map { s{.*/}{}r => 1 } glob("/sys/class/net/$prefix*");
  my @new = grep { !$there{$_} } keys %now;
  if (@new) { @fresh{@new} = (); ($pause, $again, $end) = (1, time, time + 300); }
  delete @fresh{grep { !$now{$_} } keys %fresh};
  %there = %now;
  return if !%fresh || time < $again;
  $pause *= 2 if system("sh", $program, "announce", $vni, sort keys %fresh) == 0;
  $again = time + $pause;
  %fresh = () if $pause > 8 || time > $end;
}

# A process is known by its socket: the line of the kernel's table that listens there (state 0A).
sub tell_router {
  return if time < $asked;
  $asked = time + 1;
  my ($address, $port) = split(/:/, $router);
  my $at = sprintf("%08X:%04X", unpack("L", pack("C4", split(/\\./, $address))), $port);
  my $now = "";
  open(my $table, "<", "/proc/net/tcp") or return;
  while (<$table>) { my @words = split; if ($words[1] eq $at && $words[3] eq "0A") { $now = $words[9]; last; } }
  return if $now eq $told;
  $told = $now if $now eq "" || system("sh", $program, "tell", $vni) == 0;
}

for (;;) {
  my $now = "";
  if (open(my $file, "<", "/sys/class/net/$link/ifindex")) { $now = <$file>; close($file); }
  system("sh", $program, "plug", $vni) if $now ne "" && $now ne $known;
  $known = $now;
  my $started = (stat("/run/docker.pid"))[9] // "";
  if ($started ne $docker) { $docker = $started; $until = time + 300; $next = time + 2; }
  if (time >= $next && time < $until) { system("sh", $program, "revive", $vni); $next = time + 2; }
  announce() if defined $prefix;
  tell_router() if defined $router;
  select(undef, undef, undef, 0.2);
}
PERL
}

# Whoever brings the plugin also brings its containers back.
revive_plugin() { :; }

plugin_agent() { echo "/usr/bin/perl $ROOT/$vni/leg $PROGRAM $vni $bridge\${announced:+ $announced}\${told:+ $told}"; }

up_plugin() {
  link_waiter > "$scratch/leg"
  keep_file "$scratch/leg" "$ROOT/$vni/leg" "the waiter for $bridge is missing or changed" 644 || true
  agent=$(plugin_agent)
  up_agent leg "nobody waits for the link $bridge"
  if ! is ip link show dev "$bridge"; then
    # at boot it comes when Docker does, and from a CNI plugin with the first container
    if [ -n "$booting$link_comes_later" ]; then waiting=yes; return 0; fi
    echo "differs the link $bridge is missing"
    [ "$fix" = 0 ] || fail "there is no link $bridge: hostLink must be the link on which driver $(setting plugin) puts the host into the network"
    return 0
  fi
  plugin_address || if need "the link $bridge lacks the address $gateway"; then plug_plugin; fi
}

plugin_address() {
  case $(ip -o -4 addr show dev "$bridge") in *" inet $gateway/"*) return 0 ;; esac
  return 1
}

plug_plugin() {
  plugin_address && return 0
  touch "$ROOT/$vni/address-ours"
  ip addr add "$gateway/$prefix" dev "$bridge" || true
}

down_plugin() {
  agent=$(plugin_agent)
  down_agent leg
  if [ -e "$ROOT/$vni/address-ours" ]; then is ip addr del "$gateway/$prefix" dev "$bridge" || true; fi
}

paths_plugin() { :; }
`;
