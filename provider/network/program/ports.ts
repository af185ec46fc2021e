/**
 * Ports that are open on every host, for containers that are on some, at its addresses of each family that the network has.
 * A connection to an address of the host is translated to one of the containers, in turn. What goes to another host carries
 * this host's address on the network as its source, since the answer has to come back this way; a container of this host
 * sees who asks.
 *
 * A container gets none of what it asks of its own host: a bridge sends nothing back where it came from. Another one of the
 * service answers, and where there is none the host refuses.
 *
 * The files are those of all plans (`ports.d`), lines "tcp 8080 10.128.0.2 80 here". Connections are tracked at both
 * ends of the translation, and known by it: state DNAT, and the port that was asked.
 */
export const PORTS_PART = `
# Targets of this family.
ports_all() {
  cat "$ROOT/$vni/ports.d"/* 2>/dev/null | sed '/^#/d' | sort -u |
    while read -r protocol port address rest; do
      case $address in *:*) family=6 ;; *) family= ;; esac
      [ "$family" != "$six" ] || echo "$protocol $port $address $rest"
    done
}
has_ports() { [ -n "$(ports_all)" ]; }

# Answers from containers of other hosts are for a connection that is tracked here.
ports_untouched() {
  ports_all | while read -r protocol _ address inside where; do
    [ "$where" = there ] || continue
    for path in $paths; do
      echo "-A CLK-R-$vni -i $path -s $address -d $gateway -p $protocol --sport $inside -j ACCEPT"
    done
  done | sort -u
}

at_port() { case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac; }

# What is asked of the host and goes elsewhere.
has_translations() { has_ports || answers_by_weave; }

ports_translated() {
  has_translations || return 0
  echo ":CLK-E-$vni - [0:0]"
  weave_dns_translated
  ports_all | cut -d ' ' -f 1,2 | uniq | while read -r protocol port; do
    ports_all | grep "^$protocol $port " > "$scratch/targets"
    left=$(wc -l < "$scratch/targets")
    while read -r _ _ address inside where; do
      turn= but=
      if [ "$left" -gt 1 ]; then turn="-m statistic --mode nth --every $left --packet 0"; fi
      if [ "$where" = here ]; then but="! -s $address"; fi
      echo "-A CLK-E-$vni $but -p $protocol --dport $port $turn -j DNAT --to-destination $(at_port "$address" "$inside")"
      left=$((left - 1))
    done < "$scratch/targets"
    # the last one asked itself
    if [ "$(wc -l < "$scratch/targets")" -gt 1 ]; then
      read -r _ _ address inside _ < "$scratch/targets"
      echo "-A CLK-E-$vni -p $protocol --dport $port -j DNAT --to-destination $(at_port "$address" "$inside")"
    fi
  done
  ports_all | while read -r protocol port address inside where; do
    [ "$where" = there ] || continue
    echo "-A CLK-N-$vni -d $address -p $protocol --dport $inside -m conntrack --ctstate DNAT --ctorigdstport $port -j SNAT --to-source $gateway"
  done
}

# A policy judges them as connections from outside, whoever asks: their way leads over the host. It says no more of them, but
# the policies of other networks do.
ports_judged() {
  ports_all | while read -r protocol port address inside _; do
    tracked="-m conntrack --ctstate DNAT --ctorigdstport $port"
    asked="-d $address -p $protocol --dport $inside $tracked --ctdir ORIGINAL"
    answered="-s $address -p $protocol --sport $inside $tracked --ctdir REPLY"
    echo "-A CLK-G-$vni $asked -j CLK-P-$vni-from"
    echo "-A CLK-G-$vni $asked -j RETURN"
    echo "-A CLK-G-$vni $answered -j CLK-P-$vni-to"
    echo "-A CLK-G-$vni $answered -j RETURN"
  done
}

ports_forwarded() {
  ports_all | while read -r protocol port address inside _; do
    tracked="-m conntrack --ctstate DNAT --ctorigdstport $port"
    echo "-A CLK-F-$vni -d $address -p $protocol --dport $inside $tracked -j ACCEPT"
    echo "-A CLK-F-$vni -s $address -p $protocol --sport $inside $tracked --ctdir REPLY -j ACCEPT"
  done
}

# The chain that translates hangs before Docker's own: nobody else publishes the port.
jump_ports() {
  if has_translations; then
    is $xt -w -t nat -N CLOCKER-PORTS || true
    for parent in PREROUTING OUTPUT; do jump_local "$parent"; done
    is $xt -w -t nat -N "CLK-E-$vni" || true
    jump nat CLOCKER-PORTS "CLK-E-$vni"
  else
    unjump nat CLOCKER-PORTS "CLK-E-$vni"
    drop_chain nat "CLK-E-$vni"
  fi
}

# What the host sends to its own loopback addresses cannot be sent elsewhere.
loopback() { if [ -n "$six" ]; then echo ::1/128; else echo 127.0.0.0/8; fi; }
asked_locally() { echo "! -d $(loopback) -m addrtype --dst-type LOCAL -m comment --comment $TAG -j CLOCKER-PORTS"; }

jump_local() { is $xt -w -t nat -C "$1" $(asked_locally) || $xt -w -t nat -I "$1" $(asked_locally); }

drop_ports() {
  for parent in PREROUTING OUTPUT; do
    while is $xt -w -t nat -D "$parent" $(asked_locally); do :; done
  done
  drop_chain nat CLOCKER-PORTS
}

# $1 the new file, $2 the one before. A later plan may add to a port of this network. Docker's own proxies are not asked
# about: the plan knows what Docker publishes.
refuse_ports_in_use() {
  grep -v '^#' "$1" | cut -d ' ' -f 1,2 | sort -u | while read -r protocol port; do
    if [ -e "$2" ] && grep -q "^$protocol $port " "$2"; then continue; fi
    for file in "$ROOT"/*/ports.d/*; do
      other=\${file%/ports.d/*}
      [ "$other" != "$ROOT/$vni" ] && [ -e "$file" ] && grep -q "^$protocol $port " "$file" || continue
      conflict "port $port/$protocol is open for the network of $(sed -n 's/^owner //p' "$other/config")"
    done
    case $protocol in udp) sockets="-Hunlp" ;; *) sockets="-Htnlp" ;; esac
    if ss $sockets "sport = :$port" | grep -v docker-proxy | grep -q .; then
      conflict "a process of the host listens on port $port/$protocol"
    fi
  done
}
`;
