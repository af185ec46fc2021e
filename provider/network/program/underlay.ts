/** The hosts' own network, which carries ours. */
export const UNDERLAY_PART = `
underlay_device() { ip -o -4 addr show to "$underlay" | sed -n '1s/^[0-9]*: *\\([^ @]*\\).*/\\1/p'; }

# It must be ours to send from, and carry our packets whole. $1: bytes that the driver adds to each.
refuse_unfit_underlay() {
  device=$(underlay_device)
  [ -n "$device" ] || conflict "the underlay address $underlay is not an address of the host"
  have=$(mtu_of "$device")
  [ "$((mtu + $1))" -le "$have" ] || conflict "MTU $mtu does not fit: $device has MTU $have, and driver $driver needs $1 of it"
}
`;
