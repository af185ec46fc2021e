/**
 * What the host keeps of a network beside its settings: the names that later plans add, its policy, and the ports that are
 * open on every host. Each is one file, a mark and then its lines, exchanged as a whole; what follows from it (the name
 * server, the firewall) is brought up to date from all files, as at boot.
 *
 * The arguments of all verbs: $1 kind, $2 vni, $3 owner of the network, $4 which of its kind, or "-".
 */
export const RECORDS_PART = `
record_file() {
  case $1 in
    names) echo "$ROOT/$2/names.d/$4" ;;
    ports) echo "$ROOT/$2/ports.d/$4" ;;
    *) echo "$ROOT/$2/$1" ;;
  esac
}

# Of an earlier time, from which the host was forgotten. Those of today come after the network.
drop_left_records() {
  if [ -e "$ROOT/$vni/policy" ]; then rm -f "$ROOT/$vni/policy"; down_bridge_filter; fi
  rm -rf "$ROOT/$vni/ports.d" "$ROOT/$vni/names.d"
}

up_record() {
  case $1 in
    names) up_names ;;
    *) up_firewall ;;
  esac
}

# Standard input is the record.
do_put_record() {
  load_owned "$2" "$3"
  cat > "$scratch/record"
  fix=1 moved=
  keep_program
  file=$(record_file "$@")
  [ "$1" != ports ] || refuse_ports_in_use "$scratch/record" "$file"
  if ! cmp -s "$scratch/record" "$file"; then
    mkdir -p "\${file%/*}"
    cp "$scratch/record" "\${file%/*}/.\${file##*/}"
    mv "\${file%/*}/.\${file##*/}" "$file"
  fi
  up_record "$1"
}

# A name server that has not read its names is noted with the network; rules that are not as the record has them, here.
do_check_record() {
  case $1 in
    names) is_gone="the names are not on the host" differs="the names differ" ;;
    policy) is_gone="the policy is not on the host" differs="the policy differs" ;;
    ports) is_gone="the open ports are not on the host" differs="the open ports differ" ;;
  esac
  file=$(record_file "$@")
  [ -e "$file" ] || { echo absent; echo "differs $is_gone"; exit 0; }
  load_owned "$2" "$3"
  cat > "$scratch/record"
  fix=0 moved=
  cmp -s "$scratch/record" "$file" || echo "differs $differs"
  [ "$1" = names ] || up_record "$1"
}

# $5 the record's mark: another one is left alone. Where the file is gone already, what follows from it may still be
# there: somebody was interrupted between the two.
do_drop_record() {
  [ -e "$ROOT/$2/config" ] || return 0
  load "$ROOT/$2/config"
  [ "$owner" = "$3" ] || return 0
  file=$(record_file "$@")
  if [ -e "$file" ] && [ "$(head -n 1 "$file")" != "$5" ]; then return 0; fi
  rm -f "$file"
  make_scratch
  fix=1 moved=
  up_record "$1"
  [ "$1" != policy ] || down_bridge_filter
}
`;
