/** The verbs. Each network of `start` runs in a shell of its own: one that fails does not keep the others down. */
export const MAIN_PART = `
up_network() {
  "up_$driver"
  up_firewall
  up_names
}

up_names() {
  if [ -n "$machine" ]; then up_hosts; else up_name_server; fi
  up_neighbours
  up_zone
}

refuse() {
  if [ -e "$ROOT/$vni/config" ]; then
    before=$(sed -n 's/^owner //p' "$ROOT/$vni/config")
    [ "$before" = "$owner" ] || conflict "VNI $vni belongs to the network of $before"
  fi
  refuse_without_ipv6
  refuse_zone_server
  "refuse_$driver"
}

# $program: text of this program
keep_program() {
  printf '%s\\n' "$program" > "$scratch/program"
  keep_file "$scratch/program" "$PROGRAM" "the program is missing or of another version" 755 || true
}

# $1 "newcomer" where the host was not in the network before
do_apply() {
  receive
  load "$new/config"
  scratch=$new
  refuse
  fix=1
  mkdir -p "$ROOT/$vni"
  chmod 755 /var/lib/clocker "$ROOT" "$ROOT/$vni"
  keep_program
  if [ "\${1-}" = newcomer ]; then drop_left_records; fi
  moved=
  if [ -e "$ROOT/$vni/config" ] && [ "$(grep ^peer "$ROOT/$vni/config")" != "$(grep ^peer "$new/config")" ]; then moved=yes; fi
  drop_old_ipv6_routes
  zone_moved
  keep_file "$new/config" "$ROOT/$vni/config" "the settings are new" 600 || true
  keep_secrets
  keep_file "$new/names" "$ROOT/$vni/names" "the names are new" 644 || true
  up_boot
  up_network
  if [ -e "$ROOT/$vni/endpoints" ]; then sed 's/^/endpoint /' "$ROOT/$vni/endpoints"; fi
}

# $1 vni; standard input: containers that are about to be off the network, one a line (endpoints.ts). Those that wait
# already stay.
keep_endpoints() {
  mkdir -p "$ROOT/$1"
  waiting_list=$ROOT/$1/endpoints
  { [ ! -e "$waiting_list" ] || cat "$waiting_list"; cat; } > "$waiting_list.new"
  sync "$waiting_list.new"
  mv "$waiting_list.new" "$waiting_list"
}

do_forget_endpoints() { rm -f "$ROOT/$1/endpoints"; }

do_check() {
  receive
  load "$new/config"
  scratch=$new moved=
  [ -e "$ROOT/$vni/config" ] || { echo "differs the network is not on the host"; exit 0; }
  keep_file "$new/config" "$ROOT/$vni/config" "the settings differ" 600 || true
  keep_secrets
  keep_file "$new/names" "$ROOT/$vni/names" "the names differ" 644 || true
  if [ -e "$ROOT/$vni/endpoints" ]; then echo "differs containers wait to be attached again"; fi
  up_boot
  up_network
}

# $1 vni, $2 owner; only the names changed: standard input is the file
do_names() {
  load_owned "$@"
  cat > "$scratch/names"
  fix=1
  keep_program
  keep_file "$scratch/names" "$ROOT/$vni/names" "the names are new" 644 || true
  up_names
}

# $1 vni, $2 owner, of a network that is there
load_owned() {
  [ -e "$ROOT/$1/config" ] || fail "the network is not on the host"
  load "$ROOT/$1/config"
  [ "$owner" = "$2" ] || fail "VNI $1 belongs to the network of $owner"
  make_scratch
}

make_scratch() {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
}

do_up() {
  load "$ROOT/$1/config"
  make_scratch
  fix=1 moved= booting=yes
  up_network
}

# Beside it somebody may change the network, or take it off the host: who does holds the same lock. Its file may be another
# user's, which root may open, but not create, in a sticky folder. The wait has an end, since whoever has the lock may wait for
# Docker, which starts after us.
do_start() {
  status=0
  [ -e "$LOCK" ] || touch "$LOCK"
  for config in "$ROOT"/*/config; do
    [ -e "$config" ] || continue
    number=\${config%/config}
    exec 9<"$LOCK"
    flock -w 60 9 || fail "the networks of this host are being changed: $LOCK is taken"
    start_network "\${number##*/}" 9<&- || status=1
    exec 9<&-
  done
  return $status
}

# $1 vni, of a network that may have left the host while we waited
start_network() {
  [ -e "$ROOT/$1/config" ] || return 0
  sh "$PROGRAM" up "$1" && return 0
  sh "$PROGRAM" guard "$1" || true
  return 1
}

# At boot, where the rest could not be made: containers that Docker starts all the same are kept apart as they were.
do_guard() {
  load "$ROOT/$1/config"
  make_scratch
  fix=1 booting=yes
  up_firewall
}

# $1 vni, $2 owner, $3 "ending" where all hosts leave. Everything of the network goes; with the last one, everything of ours.
do_leave() {
  if [ -e "$ROOT/$1/config" ]; then
    load "$ROOT/$1/config"
    [ "$owner" = "$2" ] || conflict "VNI $1 belongs to the network of $owner"
    echo "differs the network is still on the host"
    if [ "\${3-}" = ending ]; then
      make_scratch
      zone_clear "$ROOT/$vni/secrets"
    fi
    down_zone_server
    if [ -n "$machine" ]; then down_hosts; else down_name_server; fi
    "down_$driver"
    down_firewall
    down_firewall_ipv6
    rm -rf "$ROOT/$vni"
  elif [ "$(cat "$ROOT/$1/introduced" 2>/dev/null)" = "$2" ]; then
    rm -rf "$ROOT/$1"
  fi
  for config in "$ROOT"/*/config; do
    [ -e "$config" ] && return 0
  done
  drop_firewall
  drop_docker_user
  if is ip6tables -w -S CLOCKER-INPUT; then (as_ipv6; drop_firewall; drop_docker_user); fi
  drop_boot
  rm -f "$PROGRAM" "$PROGRAM.new" "$ROOT/forwards6"
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
  make_scratch
  fix=1
  "$3_$driver"
}

# $1 vni, $2 owner, $3 underlay address of a host that has left
do_take_back() {
  load_owned "$1" "$2"
  fix=1
  "take_back_$driver" "$3"
}

# $1 vni: the other end of the bridge's link is there again
do_plug() {
  load "$ROOT/$1/config"
  "plug_$driver"
}

# $1 vni: containers that were to run always, and could not get their end of the network
do_revive() {
  load "$ROOT/$1/config"
  "revive_$driver"
}

# $1 vni; the rest: links of containers on the host that were not there before
do_announce() {
  load "$ROOT/$1/config"
  shift
  "announce_$driver" "$@"
}

verb=$1
shift
case $verb in
  apply) do_apply "$@" ;;
  check) do_check ;;
  introduce) do_introduce ;;
  activate | retire) do_step "$@" "$verb" ;;
  names) do_names "$@" ;;
  take-back) do_take_back "$@" ;;
  hand-over) do_hand_over "$@" ;;
  put-record) do_put_record "$@" ;;
  check-record) do_check_record "$@" ;;
  drop-record) do_drop_record "$@" ;;
  plug) do_plug "$@" ;;
  revive) do_revive "$@" ;;
  announce) do_announce "$@" ;;
  tell) do_tell "$@" ;;
  keep-endpoints) keep_endpoints "$@" ;;
  forget-endpoints) do_forget_endpoints "$@" ;;
  leave) do_leave "$@" ;;
  start) do_start ;;
  up) do_up "$@" ;;
  guard) do_guard "$@" ;;
  *) fail "unknown verb $verb" ;;
esac
`;
