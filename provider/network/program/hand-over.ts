/**
 * A container that is replaced keeps its names until its successor is ready: a line of the names leads to the old address
 * and ends with the one that follows, "10.1.0.2 web.app.clocker web #10.1.0.3" (dns/names-file.ts). Handing over is to put that in its
 * place, in the network's own file and in those of later plans; a line that nobody waits for stays as it is.
 */
export const HAND_OVER_PART = `
# $1 vni, $2 owner; the rest: addresses that answer from now on. A host that is not in the network has no names to lead.
do_hand_over() {
  [ -e "$ROOT/$1/config" ] || return 0
  load "$ROOT/$1/config"
  [ "$owner" = "$2" ] || return 0
  make_scratch
  shift 2
  fix=1 moved= handed=
  for file in "$ROOT/$vni/names" "$ROOT/$vni/names.d"/*; do
    [ -e "$file" ] || continue
    names_led_to "$*" < "$file" > "$scratch/led"
    cmp -s "$scratch/led" "$file" && continue
    cp "$scratch/led" "\${file%/*}/.\${file##*/}"
    chmod 644 "\${file%/*}/.\${file##*/}"
    mv "\${file%/*}/.\${file##*/}" "$file"
    handed=yes
  done
  if [ -n "$handed" ]; then need "names lead to the old container"; fi
  up_names
}

# $1 addresses; standard input: names
names_led_to() {
  awk -v ready=" $1 " '
    $NF ~ /^#/ && index(ready, " " substr($NF, 2) " ") { print substr($NF, 2), $2, $3; next }
    { print }'
}
`;
