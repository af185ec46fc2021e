/**
 * Tells everyone on the network where an address is now: a gratuitous ARP from inside the container, flooded to all
 * hosts, corrects what bridges and VXLAN links have learned. Without it a moved address is a black hole for up to 36
 * seconds. One line a container on standard input: pid and address. Those that do not have their address are named on
 * standard output, and it fails. perl-base is part of every Debian system.
 */
export const ANNOUNCE = `failed=0
while read -r pid address mac; do
  device=$(nsenter -t "$pid" -n ip -o -4 addr show to "$address/32" 2>/dev/null | sed -n '1s/^[0-9]*: *\\([^ ]*\\) .*/\\1/p')
  if [ -z "$device" ]; then echo "$pid $address"; failed=1; continue; fi
  real=$(nsenter -t "$pid" -n ip -o link show dev "$device" | sed -n 's/.*link\\/ether \\([^ ]*\\) .*/\\1/p')
  nsenter -t "$pid" -n perl -e '
    my ($index, $mac, $address) = @ARGV;
    my $hw = pack("H12", $mac =~ s/://gr);
    my $ip = pack("C4", split(/\\./, $address));
    socket(my $s, 17, 3, unpack("n", pack("S", 0x0806))) or die "socket: $!";
    for my $op (1, 2) {
      my $frame = "\\xff" x 6 . $hw . pack("n", 0x0806) . pack("nnCCn", 1, 0x0800, 6, 4, $op) . $hw . $ip . "\\xff" x 6 . $ip;
      send($s, $frame, 0, pack("SnlSCCa8", 17, 0x0806, $index, 1, 0, 6, "\\xff" x 6)) or die "send: $!";
    }' "$(nsenter -t "$pid" -n ip -o link show dev "$device" | sed 's/:.*//')" "\${real:-$mac}" "$address" || failed=1
done
[ "$failed" = 0 ]`;
