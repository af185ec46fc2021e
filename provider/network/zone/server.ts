/**
 * The network's own name server for its zone: BIND, at this host's address. The host that has it brings it up to date from its own file of
 * names, as it does its dnsmasq, so its key is known to nobody else: it is made here, and stays here.
 *
 * Its files are where the profiles of Debian and Ubuntu (AppArmor) let BIND write. All in them is ours, so another zone, port or
 * list of servers begins from an empty zone, which is filled again before anything else goes on.
 */
export const ZONE_SERVER_PART = `
# Of the network that $config is of: whether this host has the name server of its zone.
has_zone_server() { [ -n "$(setting zoneservers)" ]; }
zone_dir() { echo "/var/lib/bind/clocker-$vni"; }
zone_server_command() { echo "named -4 -f -u bind -c $(zone_dir)/conf"; }

# $1 a zone: the records that it begins with, but for the serial number.
zone_base() {
  echo '$TTL 60'
  echo "@ SOA clocker-ns1.$zone. root.$zone. SERIAL 3600 600 86400 $zone_ttl"
  number=0
  for address in $(setting zoneservers | tr , ' '); do
    number=$((number + 1))
    echo "@ NS clocker-ns$number.$zone."
    [ "$1" != "$zone" ] || echo "clocker-ns$number A $address"
  done
}

zone_server_conf() {
  dir=$(zone_dir)
  echo "include \\"$dir/key\\";"
  echo "options { directory \\"$dir\\"; listen-on port $zone_port { $zone_server; }; recursion no; notify no; dnssec-validation no; empty-zones-enable no; version none; pid-file none; session-keyfile none; };"
  echo "controls { };"
  for each in $zone $zone_reverse $zone_reverse6; do
    echo "zone \\"$each\\" { type primary; file \\"$each\\"; allow-update { key clocker; }; allow-transfer { key clocker; }; };"
  done
}

# All that the server begins with, for comparison.
zone_server_plan() {
  zone_server_conf
  for each in $zone $zone_reverse $zone_reverse6; do zone_base "$each"; done
}

zone_server_make() {
  dir=$(zone_dir)
  rm -rf "$dir"
  mkdir -p "$dir"
  (umask 077 && echo "key \\"clocker\\" { algorithm hmac-sha256; secret \\"$(head -c 32 /dev/urandom | base64)\\"; };" > "$dir/key")
  zone_server_conf > "$dir/conf"
  for each in $zone $zone_reverse $zone_reverse6; do zone_base "$each" | sed "s/SERIAL/$(date +%s)/" > "$dir/$each"; done
  chown -R bind:bind "$dir"
  chown root:bind "$dir/key"
  chmod 640 "$dir/key"
  cp "$scratch/zone-plan" "$dir/plan"
}

zone_server_pid() {
  process_for zone || return 1
  case $line in *" $(zone_dir)/conf ") echo "$pid" ;; *) return 1 ;; esac
}

zone_server_start() {
  is command -v named || fail "named is not installed: install the package bind9"
  keep_process zone $(zone_server_command)
}

zone_server_stop() {
  stop_unit "clocker-zone-$vni"
  if pid=$(zone_server_pid); then
    kill "$pid"
    for tries in $(seq 200); do
      [ -e "/proc/$pid" ] || break
      sleep 0.05
    done
  fi
  rm -f "$RUN/zone-$vni.pid"
}

# $1 seconds that it may take
zone_server_answers() { dig -p "$zone_port" "@$zone_server" "+time=$1" +tries=1 "$zone" SOA 2>/dev/null | grep -q 'status: NOERROR'; }

# False where a check found that there is no server to ask. At boot nobody asks it: Docker waits, and the server's address may come late.
up_zone_server() {
  zone_server_plan > "$scratch/zone-plan"
  if ! cmp -s "$scratch/zone-plan" "$(zone_dir)/plan"; then
    need "the zone's name server is missing or has other settings" || return 1
    zone_server_stop
    zone_server_make
  fi
  if ! zone_server_pid >/dev/null; then
    need "the zone's name server is not running" || return 1
    zone_server_stop
    zone_server_start
  fi
  [ -z "$booting" ] || return 0
  if [ "$fix" = 0 ]; then
    # one that is late on a busy host is no change
    zone_server_answers 5 && return 0
    echo "differs the zone's name server does not answer"
    return 1
  fi
  tries=0
  until zone_server_answers 1; do
    tries=$((tries + 1))
    [ "$tries" -le 100 ] || fail "the zone's name server on $zone_server does not answer on port $zone_port: $(zone_server_complaint)"
    sleep 0.1
  done
}

zone_server_complaint() { timeout 2 named -4 -g -u bind -c "$(zone_dir)/conf" 2>&1 | grep -iE 'error|fail|not |denied' | tail -n 1; }

# Somebody else has the port, also at all addresses.
refuse_zone_server() {
  has_zone_server || return 0
  zone_load
  own=$(zone_server_pid || echo none)
  taken=$(ss -Hlntup "sport = :$zone_port" | grep -v "pid=$own," | awk -v at="$zone_server:$zone_port" -v port=":$zone_port" '
    $5 == at || $5 == "0.0.0.0" port || $5 == "*" port || $5 == "[::]" port { print $7; exit }')
  [ -z "$taken" ] || conflict "port $zone_port of $zone_server, at which the zone $zone is to be asked for, is in use by the process $(echo "$taken" | sed 's/^[^"]*"\\([^"]*\\)".*/\\1/')"
}

down_zone_server() {
  [ -e "$(zone_dir)" ] || return 0
  zone_server_stop
  rm -rf "$(zone_dir)"
}
`;
