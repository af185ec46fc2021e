/**
 * weaveDNS as the name server of a network. It runs in Weave's router, which tells its names to all others. Each host tells its
 * router those of its own containers, under an id of the network's (an entry has a container's), and no other entry is touched. The router forgets them
 * when it ends, so whoever waits for Weave's bridge tells them anew to each router that comes.
 *
 * Containers ask the gateway, as with dnsmasq: what they send there goes on to the address at which the router listens, one
 * for all networks. Names end with the network's domain, so that short ones are found in it alone; but whoever asks the
 * router for another network's full name gets an answer.
 */
export const WEAVE_DNS_PART = `
WEAVE_DOMAIN=weave.local
answers_by_weave() { [ "$(setting nameserver)" = weave ]; }

# Of the entries in weaveDNS. What the router shows of an id are twelve letters.
weave_dns_id() { echo "clk-$vni"; }

refuse_weave_dns() {
  answers_by_weave || return 0
  have=$(weave_ask GET /domain) || conflict "Weave's router runs without weaveDNS, which is to answer the network's names: launch it without --no-dns"
  [ "$have" = "$WEAVE_DOMAIN." ] || conflict "weaveDNS answers for $have, and the names of the network end with $WEAVE_DOMAIN: launch Weave's router without --dns-domain"
}

# Where weaveDNS listens, for the rules: those are there at boot before the router is.
weave_dns_at() { cat "$ROOT/$vni/weave-dns" 2>/dev/null || true; }

find_weave_dns() {
  answers_by_weave && weave_runs || return 0
  listens=$(weave_ask GET /dns-address-port | sed "s/^0[.]0[.]0[.]0:/$gateway:/")
  if [ "$listens" != "$(weave_dns_at)" ] && need "weaveDNS listens elsewhere"; then echo "$listens" > "$ROOT/$vni/weave-dns"; fi
}

weave_dns_translated() {
  answers_by_weave && [ -n "$(weave_dns_at)" ] || return 0
  for protocol in udp tcp; do
    echo "-A CLK-E-$vni -i $bridge -s $cidr -d $gateway -p $protocol --dport 53 -j DNAT --to-destination $(weave_dns_at)"
  done
}

weave_dns_accepted() {
  answers_by_weave && [ -n "$(weave_dns_at)" ] || return 0
  at=$(weave_dns_at)
  for protocol in udp tcp; do
    echo "-A CLK-I-$vni -i $bridge -s $cidr -d \${at%:*} -p $protocol --dport \${at#*:} -m conntrack --ctstate DNAT -j ACCEPT"
  done
}

# Names that this host tells, lines "name address": those of addresses in its block, or that the plan put here; those
# that are nowhere else are told by the first host.
weave_dns_wanted() {
  {
    cat "$config"
    echo names
    echo "$gateway _clocker.$domain"
    cat "$ROOT/$vni/names" "$ROOT/$vni/names.d"/* 2>/dev/null || true
  } | awk '
    function number(address,  byte) { split(address, byte, "."); return ((byte[1] * 256 + byte[2]) * 256 + byte[3]) * 256 + byte[4] }
    function holds(block, address,  part) {
      split(block, part, "/")
      return int(number(address) / 2 ^ (32 - part[2])) == int(number(part[1]) / 2 ^ (32 - part[2]))
    }
    function host_of(address,  host) {
      if (address in planned) return planned[address]
      for (host in block) if (holds(block[host], address)) return host
      return first
    }
    NF == 1 && $1 == "names" { names = 1; next }
    !names && $1 == "underlay" { self = $2; if (first == "" || $2 < first) first = $2 }
    !names && $1 == "set" && $2 == "block" { own = $3 }
    !names && $1 == "peer" { block[$2] = $3; if (first == "" || $2 < first) first = $2 }
    !names && $1 == "extra" { planned[$3] = $2 }
    names && /^[0-9]/ {
      at = holds(own, $1) && !($1 in planned) ? self : host_of($1)
      if (at == "self" || at == self) print tolower($2), $1
    }' | sort -u
}

# What the router knows from us.
weave_dns_told() {
  weave_ask GET /status/dns | awk -v id="$(weave_dns_id)" -v router="$(weave_says Name | cut -d '(' -f 1)" -v domain="$WEAVE_DOMAIN" '
    $3 == id && $4 == router { print tolower($1) "." domain, $2 }' | sort -u
}

# $1 PUT or DELETE; standard input: names
weave_dns_tell() {
  while read -r name address; do echo "$1 /name/$(weave_dns_id)/$address?fqdn=$name"; done | weave_ask_each
}

# A router that has just come, and one that is being launched, are told by whoever waits for it.
up_weave_dns() {
  if [ "$fix" = 1 ]; then mkdir -p "$ROOT/$vni/names.d"; fi
  weave_runs || return 0
  weave_dns_wanted > "$scratch/dns-wanted"
  weave_dns_told > "$scratch/dns-told"
  if ! cmp -s "$scratch/dns-wanted" "$scratch/dns-told" && need "weaveDNS has not the names of this host"; then
    comm -23 "$scratch/dns-wanted" "$scratch/dns-told" | weave_dns_tell PUT
    comm -13 "$scratch/dns-wanted" "$scratch/dns-told" | weave_dns_tell DELETE
  fi
  at=$(weave_dns_at)
  tries=0
  until dns_answers "\${at%:*}" "\${at#*:}"; do
    tries=$((tries + 1))
    if [ "$fix" = 0 ]; then
      echo "differs weaveDNS does not answer"
      return 0
    fi
    [ "$tries" -le 50 ] || fail "weaveDNS does not answer on $at"
    sleep 0.1
  done
}

down_weave_dns() {
  weave_runs || return 0
  # a router that refuses keeps nobody here: it forgets the names when it ends
  weave_dns_told | weave_dns_tell DELETE || true
}

# By the host itself, when another router is there than before.
do_tell() {
  [ -e "$LOCK" ] || touch "$LOCK"
  exec 9<"$LOCK"
  flock -w 60 9 || fail "the networks of this host are being changed: $LOCK is taken"
  # the network may have left the host while we waited
  [ -e "$ROOT/$1/config" ] || return 0
  load "$ROOT/$1/config"
  make_scratch
  fix=1
  weave_runs || return 1
  up_weave_dns
}
`;
