/**
 * A zone of somebody's name server that has the network's names as well, by dynamic updates (RFC 2136) that are signed
 * (TSIG). Every host brings the zone up to date when its own names change, so no host is needed for it: what another has
 * done already is nothing to do. A host that boots leaves it alone, as its names may be old. A server of ours (server.ts) is its
 * host's alone, and shows what that host knows.
 *
 * A name of ours has a TXT record that says so, and an update of it is taken only while it has (or, of a new one, while nobody
 * has the name), which the name server itself looks after. So nothing of others is touched, whatever happens in between.
 */
export const ZONE_PART = `
# The words of the network that $config is of.
zone_load() {
  zone=$(setting zone) zone_server=$(setting zoneserver) zone_port=$(setting zoneport) zone_ttl=$(setting zonettl)
  zone_reverse=$(setting zonereverse) zone_reverse6=$(setting zonereverse6)
}

# TXT of what is ours.
zone_mark() { echo "io.clocker=$owner-$vni"; }

# Names as they should be: "name type data" a line; "address full short" is on standard input. An address has one name.
zone_wanted() {
  awk -v zone="$zone" -v reverse="$zone_reverse" -v reverse6="$zone_reverse6" '
    function bytes_back(address,    byte) {
      split(address, byte, ".")
      return byte[4] "." byte[3] "." byte[2] "." byte[1] ".in-addr.arpa."
    }
    # all 32 digits of an address that may leave out zeros
    function digits_back(address,    half, group, count, i, digits, back) {
      if (split(address, half, "::") < 2) half[2] = ""
      count = split(half[1], group, ":")
      for (i = 1; i <= count; i++) digits = digits substr("000" group[i], length(group[i]))
      count = split(half[2], group, ":")
      for (i = 1; i <= count; i++) back = back substr("000" group[i], length(group[i]))
      while (length(digits back) < 32) digits = digits "0"
      digits = digits back
      back = ""
      for (i = 32; i > 0; i--) back = back substr(digits, i, 1) "."
      return back "ip6.arpa."
    }
    function is_in(name, end) { return end != "" && substr(name, length(name) - length(end) - 1) == "." end "." }
    /^[0-9a-fA-F]/ {
      name = tolower($3) "." zone "."
      address = tolower($1)
      six = index(address, ":") > 0
      print name, six ? "AAAA" : "A", address
      back = six ? digits_back(address) : bytes_back(address)
      if (back in named) next
      named[back] = 1
      if (is_in(back, six ? reverse6 : reverse)) print back, "PTR", name
    }'
}

# $1 the zone's records as "name TTL type data" (TXT as shown by dig), $2 those that we want, $3 our mark, $4 TTL. Says what to do: the
# lines of nsupdate, or "foreign <name>" of a name that somebody else has.
zone_changes() {
  awk -v wanted="$2" -v mark="\\"$3\\"" -v ttl="$4" '
    function add(set, name, item) { if (index(set[name], item "\\n") == 0) set[name] = set[name] item "\\n" }
    function sorted(text,    item, count, i, j, swap) {
      count = split(text, item, "\\n") - 1
      for (i = 1; i < count; i++) for (j = i + 1; j <= count; j++)
        if (item[j] < item[i]) { swap = item[i]; item[i] = item[j]; item[j] = swap }
      text = ""
      for (i = 1; i <= count; i++) text = text item[i] "\\n"
      return text
    }
    function adds(name,    item, count, i) {
      count = split(want[name], item, "\\n") - 1
      for (i = 1; i <= count; i++) print "update add " name " " ttl " " item[i]
    }
    function drop(name) {
      print "update delete " name " A"
      print "update delete " name " AAAA"
      print "update delete " name " PTR"
    }
    { name = tolower($1); known[name] = 1 }
    $3 == "TXT" && substr($0, length($1) + length($2) + 7) == mark { ours[name] = 1 }
    $3 == "A" || $3 == "AAAA" || $3 == "PTR" {
      add(have, name, $3 " " tolower($4))
      if ($2 != ttl) stale[name] = 1
    }
    END {
      while ((getline < wanted) > 0) { if (!($1 in want)) order[++total] = $1; add(want, $1, $2 " " $3) }
      for (i = 1; i <= total; i++) {
        name = order[i]
        if ((name in known) && !(name in ours)) { print "foreign " name; continue }
        if (!(name in ours)) {
          print "prereq nxdomain " name
          adds(name)
          print "update add " name " " ttl " TXT " mark
          print "send"
        } else if ((name in stale) || sorted(want[name]) != sorted(have[name])) {
          print "prereq yxrrset " name " TXT " mark
          drop(name)
          adds(name)
          print "send"
        }
      }
      for (name in ours) if (!(name in want)) {
        print "prereq yxrrset " name " TXT " mark
        drop(name)
        print "update delete " name " TXT " mark
        print "send"
      }
    }' "$1"
}

# The key as the tools of BIND read it, in a file of root's. A server of ours has made it itself.
zone_key() {
  if has_zone_server; then cp "$(zone_dir)/key" "$scratch/tsig"; return 0; fi
  secret=$(sed -n 's/^tsig //p' "$1" | base64 -d)
  (umask 077 && echo "key \\"$(setting zonekey)\\" { algorithm $(setting zonealgorithm); secret \\"$secret\\"; };" > "$scratch/tsig")
}

# $1 a zone. Its records as "name TTL type data".
zone_records() {
  answer=$(dig -p "$zone_port" "@$zone_server" -k "$scratch/tsig" +tcp +time=2 +tries=1 +noall +answer "$1" AXFR 2>&1) || answer=
  if ! echo "$answer" | grep -q '[[:space:]]SOA[[:space:]]'; then
    zone_trouble="the name server $zone_server does not answer on port $zone_port"
    [ -z "$answer" ] || zone_trouble="the name server $zone_server does not hand out the zone $1: $(echo "$answer" | grep -v '^$' | head -n 1)"
    return 1
  fi
  echo "$answer" | sed -n 's/^\\([^;[:space:]]*\\)[[:space:]]*\\([0-9]*\\)[[:space:]]*IN[[:space:]]*\\([A-Z]*\\)[[:space:]]*/\\1 \\2 \\3 /p' > "$scratch/zone"
}

# $1 a zone, $2 the names that it should have. Leaves what is to do in $scratch/changes.
zone_compare() {
  zone_records "$1" || return 1
  zone_changes "$scratch/zone" "$2" "$(zone_mark)" "$zone_ttl" > "$scratch/changes"
}

# $1 a zone, $2 the names that it should have. What others have is passed by, and then said.
zone_put() {
  tries=0
  while :; do
    zone_compare "$1" "$2" || fail "$zone_trouble"
    taken=$(sed -n 's/^foreign //p' "$scratch/changes" | head -n 1)
    sed -i '/^foreign /d' "$scratch/changes"
    [ -s "$scratch/changes" ] || break
    if said=$({ echo "server $zone_server $zone_port"; echo "zone $1"; cat "$scratch/changes"; } | nsupdate -v -t 3 -k "$scratch/tsig" 2>&1); then break; fi
    # another host may have done the same in between: then what we assume of the name is no longer so
    tries=$((tries + 1))
    [ "$tries" -le 5 ] || fail "the zone $1 on $zone_server does not take the network's names: $(echo "$said" | head -n 1)"
    sleep 0.2
  done
  [ -z "$taken" ] || fail "the zone $1 on $zone_server has $taken already, and it is not ours"
}

up_zone() {
  zone_load
  [ -n "$zone" ] && [ -z "$machine" ] || return 0
  if has_zone_server; then up_zone_server || return 0; fi
  [ -z "$booting" ] || return 0
  zone_key "$ROOT/$vni/secrets"
  cat "$ROOT/$vni/names" "$ROOT/$vni/names.d"/* 2>/dev/null | zone_wanted > "$scratch/wanted"
  for each in $zone $zone_reverse $zone_reverse6; do
    suffix_of "$each" < "$scratch/wanted" > "$scratch/part"
    if [ "$fix" = 1 ]; then
      zone_put "$each" "$scratch/part"
    elif ! zone_compare "$each" "$scratch/part"; then
      echo "differs $zone_trouble"
    elif [ -s "$scratch/changes" ]; then
      echo "differs the zone $each has other records: $(sed -n 's/^prereq [a-z]* \\([^ ]*\\).*/\\1/p; s/^foreign //p' "$scratch/changes" | head -n 5 | tr '\\n' ' ' | sed 's/ $//')"
    fi
  done
}

# $1 a zone: the records of it
suffix_of() { awk -v end=".$1." 'substr($1, length($1) - length(end) + 1) == end'; }

# All that is ours in the zones of the network that $config is of, but for those of $2; $1 its secrets. A server that is gone, or
# that does not take it, keeps nobody from leaving it.
zone_clear() {
  zone_load
  [ -n "$zone" ] && [ -z "$machine" ] && ! has_zone_server || return 0
  zone_key "$1"
  : > "$scratch/part"
  for each in $zone $zone_reverse $zone_reverse6; do
    case " \${2-} " in *" $each "*) continue ;; esac
    said=$(zone_put "$each" "$scratch/part" 2>&1) || echo "warning $said: the network's names stay in the zone $each there"
  done
}

# The network has another zone, or has none any more. Where only the server is another, the names are brought up to date there.
zone_moved() {
  [ -e "$ROOT/$vni/config" ] || return 0
  kept=$(sed -n 's/^set zone //p; s/^set zonereverse6* //p' "$new/config" | tr '\\n' ' ')
  has_zone_server || down_zone_server
  ( load "$ROOT/$vni/config"; zone_clear "$ROOT/$vni/secrets" "$kept" )
}
`;
