/** The verbs. Each network of `start` runs in a shell of its own: one that fails does not keep the others down. */
export const MAIN_PART = `
up_network() {
  "up_$driver"
  up_firewall
  up_dns
}

refuse() {
  if [ -e "$ROOT/$vni/config" ]; then
    before=$(sed -n 's/^owner //p' "$ROOT/$vni/config")
    [ "$before" = "$owner" ] || conflict "VNI $vni belongs to the network of $before"
  fi
  refuse_foreign_links
  "refuse_$driver"
}

# $program: text of this program
do_apply() {
  receive
  load "$new/config"
  scratch=$new
  refuse
  fix=1
  mkdir -p "$ROOT/$vni"
  chmod 755 /var/lib/clocker "$ROOT" "$ROOT/$vni"
  printf '%s\\n' "$program" > "$new/program"
  keep_file "$new/program" "$PROGRAM" "the program is missing or of another version" 755 || true
  moved=
  if [ -e "$ROOT/$vni/config" ] && [ "$(grep ^peer "$ROOT/$vni/config")" != "$(grep ^peer "$new/config")" ]; then moved=yes; fi
  keep_file "$new/config" "$ROOT/$vni/config" "the settings are new" 644 || true
  renamed=
  if keep_file "$new/names" "$ROOT/$vni/names" "the names are new" 644; then renamed=yes; fi
  up_boot
  up_network
}

do_check() {
  receive
  load "$new/config"
  scratch=$new moved= renamed=
  [ -e "$ROOT/$vni/config" ] || { echo "differs the network is not on the host"; exit 0; }
  keep_file "$new/config" "$ROOT/$vni/config" "the settings differ" 644 || true
  keep_file "$new/names" "$ROOT/$vni/names" "the names differ" 644 || true
  up_boot
  up_network
}

# $1 vni, $2 owner; only the names changed: standard input is the file
do_names() {
  [ -e "$ROOT/$1/config" ] || fail "the network is not on the host"
  load "$ROOT/$1/config"
  [ "$owner" = "$2" ] || fail "VNI $1 belongs to the network of $owner"
  new=$(mktemp -d)
  trap 'rm -rf "$new"' EXIT
  scratch=$new fix=1 renamed=
  cat > "$new/names"
  if keep_file "$new/names" "$ROOT/$vni/names" "the names are new" 644; then renamed=yes; fi
  up_dns
}

do_up() {
  load "$ROOT/$1/config"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  fix=1 moved= renamed=
  up_network
}

do_start() {
  status=0
  for config in "$ROOT"/*/config; do
    [ -e "$config" ] || continue
    number=\${config%/config}
    number=\${number##*/}
    sh "$PROGRAM" up "$number" || status=1
  done
  return $status
}

# $1 vni, $2 owner. Everything of the network goes; with the last one, everything of ours.
do_leave() {
  if [ -e "$ROOT/$1/config" ]; then
    load "$ROOT/$1/config"
    [ "$owner" = "$2" ] || conflict "VNI $1 belongs to the network of $owner"
    echo "differs the network is still on the host"
    dns_stop
    "down_$driver"
    drop_link "$bridge"
    down_firewall
    rm -rf "$ROOT/$vni"
  elif [ "$(cat "$ROOT/$1/introduced" 2>/dev/null)" = "$2" ]; then
    rm -rf "$ROOT/$1"
  fi
  for config in "$ROOT"/*/config; do
    [ -e "$config" ] && return 0
  done
  drop_firewall
  drop_boot
  rm -f "$PROGRAM" "$PROGRAM.new"
  rmdir "$ROOT" /var/lib/clocker "$RUN" 2>/dev/null || true
}

# What the other hosts have to know of this one.
do_introduce() {
  receive
  load "$new/config"
  scratch=$new
  refuse
  "introduce_$driver"
}

# $1 vni, $2 owner, $3 step of the driver
do_step() {
  load "$ROOT/$1/config"
  [ "$owner" = "$2" ] || conflict "VNI $1 belongs to the network of $owner"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  fix=1
  "$3_$driver"
}

verb=$1
shift
case $verb in
  apply) do_apply ;;
  check) do_check ;;
  introduce) do_introduce ;;
  activate | retire) do_step "$@" "$verb" ;;
  names) do_names "$@" ;;
  leave) do_leave "$@" ;;
  start) do_start ;;
  up) do_up "$@" ;;
  *) fail "unknown verb $verb" ;;
esac
`;
