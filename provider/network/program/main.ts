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
  "refuse_$driver"
}

# $program: text of this program
keep_program() {
  printf '%s\\n' "$program" > "$scratch/program"
  keep_file "$scratch/program" "$PROGRAM" "the program is missing or of another version" 755 || true
}

do_apply() {
  receive
  load "$new/config"
  scratch=$new
  refuse
  fix=1
  mkdir -p "$ROOT/$vni"
  chmod 755 /var/lib/clocker "$ROOT" "$ROOT/$vni"
  keep_program
  moved=
  if [ -e "$ROOT/$vni/config" ] && [ "$(grep ^peer "$ROOT/$vni/config")" != "$(grep ^peer "$new/config")" ]; then moved=yes; fi
  keep_file "$new/config" "$ROOT/$vni/config" "the settings are new" 644 || true
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
  keep_file "$new/config" "$ROOT/$vni/config" "the settings differ" 644 || true
  keep_file "$new/names" "$ROOT/$vni/names" "the names differ" 644 || true
  if [ -e "$ROOT/$vni/endpoints" ]; then echo "differs containers wait to be attached again"; fi
  up_boot
  up_network
}

# $1 vni, $2 owner; only the names changed: standard input is the file
do_names() {
  receive_names "$@"
  fix=1
  keep_program
  keep_file "$scratch/names" "$ROOT/$vni/names" "the names are new" 644 || true
  up_dns
}

# $1 vni, $2 owner of the network, $3 the plan that adds names: standard input is its file
do_add_names() {
  receive_names "$@"
  fix=1
  keep_program
  mkdir -p "$ROOT/$vni/names.d"
  if ! cmp -s "$scratch/names" "$ROOT/$vni/names.d/$3"; then
    cp "$scratch/names" "$ROOT/$vni/names.d/.$3"
    mv "$ROOT/$vni/names.d/.$3" "$ROOT/$vni/names.d/$3"
  fi
  up_dns
}

do_check_names() {
  [ -e "$ROOT/$1/names.d/$3" ] || { echo "differs the names are not on the host"; exit 0; }
  receive_names "$@"
  cmp -s "$scratch/names" "$ROOT/$vni/names.d/$3" || echo "differs the names differ"
}

# $1 vni, $2 owner of the network, $3 the plan, $4 first line of its file: another's file is left alone
do_drop_names() {
  [ -e "$ROOT/$1/config" ] || return 0
  load "$ROOT/$1/config"
  [ "$owner" = "$2" ] || return 0
  file=$ROOT/$vni/names.d/$3
  if [ -e "$file" ] && [ "$(head -n 1 "$file")" != "$4" ]; then return 0; fi
  rm -f "$file"
  fix=1
  up_dns
}

# $1 vni, $2 owner; a file of names from standard input, for a network that is there
receive_names() {
  [ -e "$ROOT/$1/config" ] || fail "the network is not on the host"
  load "$ROOT/$1/config"
  [ "$owner" = "$2" ] || fail "VNI $1 belongs to the network of $owner"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  cat > "$scratch/names"
}

# $1 vni, $2 owner of the network; standard input is its policy: a mark, then rules
do_set_policy() {
  receive_names "$@"
  fix=1 moved=
  keep_program
  if ! cmp -s "$scratch/names" "$ROOT/$vni/policy"; then
    cp "$scratch/names" "$ROOT/$vni/.policy"
    mv "$ROOT/$vni/.policy" "$ROOT/$vni/policy"
  fi
  up_firewall
}

do_check_policy() {
  [ -e "$ROOT/$1/policy" ] || { echo "differs the policy is not on the host"; exit 0; }
  receive_names "$@"
  fix=0 moved=
  cmp -s "$scratch/names" "$ROOT/$vni/policy" || echo "differs the policy differs"
  up_firewall
}

# $1 vni, $2 owner of the network, $3 the policy's mark: another one is left alone. Where the file is gone already, the
# rules may still be there: somebody was interrupted between the two.
do_drop_policy() {
  [ -e "$ROOT/$1/config" ] || return 0
  load "$ROOT/$1/config"
  [ "$owner" = "$2" ] || return 0
  if [ -e "$ROOT/$vni/policy" ] && [ "$(head -n 1 "$ROOT/$vni/policy")" != "$3" ]; then return 0; fi
  rm -f "$ROOT/$vni/policy"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  fix=1 moved=
  up_firewall
  down_bridge_filter
}

do_up() {
  load "$ROOT/$1/config"
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  fix=1 moved= booting=yes
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

verb=$1
shift
case $verb in
  apply) do_apply ;;
  check) do_check ;;
  introduce) do_introduce ;;
  activate | retire) do_step "$@" "$verb" ;;
  names) do_names "$@" ;;
  add-names) do_add_names "$@" ;;
  check-names) do_check_names "$@" ;;
  drop-names) do_drop_names "$@" ;;
  set-policy) do_set_policy "$@" ;;
  check-policy) do_check_policy "$@" ;;
  drop-policy) do_drop_policy "$@" ;;
  plug) do_plug "$@" ;;
  revive) do_revive "$@" ;;
  keep-endpoints) keep_endpoints "$@" ;;
  forget-endpoints) do_forget_endpoints "$@" ;;
  leave) do_leave "$@" ;;
  start) do_start ;;
  up) do_up "$@" ;;
  *) fail "unknown verb $verb" ;;
esac
`;
