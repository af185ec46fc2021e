/**
 * One dnsmasq for each network of a host, at the gateway address, for queries that come in by the bridge. It has no
 * upstream: a name outside is REFUSED and a plain name it does not know is NXDOMAIN without authority, and on both
 * Docker's resolver in the container goes on to its next server. `--domain-needed` is what makes AAAA of a known plain
 * name an empty answer instead of a refusal, which would cost every lookup the time-out of an upstream.
 * Its names are a file of the network's own and one for each later plan that adds some (`names.d`). Each is replaced as
 * a whole; what the server has read is kept as a checksum, so that a server whose names changed is told so (SIGHUP) even
 * when whoever changed them died before it could.
 */
export const DNS_PART = `
# A bridge that several networks share has the addresses of all their servers.
dns_listens() { if shares_bridge; then echo "--listen-address=$gateway"; else echo "--interface=$bridge"; fi; }

dns_command() {
  echo "dnsmasq --keep-in-foreground --conf-file=/dev/null --user=nobody --group=nogroup --pid-file= --log-facility=/dev/null --no-resolv --no-hosts --no-poll --bind-dynamic $(dns_listens) --except-interface=lo --addn-hosts=$ROOT/$vni/names --addn-hosts=$ROOT/$vni/names.d --domain-needed --local=/$domain/ --host-record=_clocker.$domain,$gateway --local-ttl=1 --cache-size=0 --edns-packet-max=1232"
}

# Process id of the name server that runs with exactly these settings; \`any\`: with whatever settings. systemd gives
# the whole path of a command.
dns_pid() {
  process_for dns || return 1
  if [ "\${1-}" = any ]; then
    case $line in *" $(dns_listens) "*) echo "$pid"; return 0 ;; esac
    return 1
  fi
  command=$(dns_command)
  case $line in "$command " | /*"/$command ") echo "$pid" ;; *) return 1 ;; esac
}

dns_stop() {
  stop_unit "clocker-dns-$vni"
  if pid=$(dns_pid any); then kill "$pid"; fi
  rm -f "$RUN/dns-$vni.pid" "$RUN/dns-$vni.read"
}

# Checksum of all names of the network. A file that begins with a dot is not finished; dnsmasq passes it by as well.
dns_names() { cat "$ROOT/$vni/names" "$ROOT/$vni/names.d"/* 2>/dev/null | cksum; }

dns_start() {
  is command -v dnsmasq || fail "dnsmasq is not installed: install the package dnsmasq-base"
  keep_process dns $(dns_command)
}

# A name server that does not answer costs every lookup many seconds, so it is asked before we go on. $1 its address, where that
# is not the gateway, and $2 its port.
dns_answers() {
  if is command -v perl; then
    perl -MIO::Socket::INET -e '
      my ($name, $at, $port) = @ARGV;
      my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => $at, PeerPort => $port) or exit 1;
      my $q = pack("n6", 4711, 256, 1, 0, 0, 0) . join("", map { pack("C/a", $_) } split(/\\./, $name)) . pack("Cnn", 0, 1, 1);
      $SIG{ALRM} = sub { exit 1 }; alarm 1;
      $s->send($q); my $b = ""; defined($s->recv($b, 512)) or exit 1;
      my @h = unpack("n6", $b); exit(($h[0] == 4711 && $h[3] > 0) ? 0 : 1)' "_clocker.$domain" "\${1-$gateway}" "\${2-53}" 2>/dev/null
  else
    hex=$(printf '%02X' $(echo "$gateway" | tr . '\\n' | sed '1!G;h;$!d'))
    grep -qi " $hex:0035 " /proc/net/udp
  fi
}

up_dns() {
  if [ "$fix" = 1 ]; then mkdir -p "$RUN" "$ROOT/$vni/names.d"; fi
  names=$(dns_names)
  if ! dns_pid >/dev/null; then
    if need "the name server is not running"; then
      dns_stop
      dns_start
    else
      return 0
    fi
  elif [ "$names" != "$(cat "$RUN/dns-$vni.read" 2>/dev/null)" ] && need "the name server has not read its names"; then
    kill -HUP "$(dns_pid)"
  fi
  if [ -n "$waiting" ]; then
    [ "$fix" = 0 ] || echo "$names" > "$RUN/dns-$vni.read"
    return 0
  fi
  tries=0
  until dns_answers; do
    tries=$((tries + 1))
    if [ "$fix" = 0 ]; then
      echo "differs the name server does not answer"
      return 0
    fi
    [ "$tries" -le 150 ] || fail "the name server on $gateway does not answer: $(dns_complaint)"
    sleep 0.02
  done
  if [ "$fix" = 1 ]; then echo "$names" > "$RUN/dns-$vni.read"; fi
}

dns_complaint() { timeout 1 $(dns_command | sed 's/--log-facility=[^ ]*/--log-facility=-/') 2>&1 | tail -n 1; }
`;
