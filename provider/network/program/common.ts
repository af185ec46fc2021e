/**
 * First part of the program that keeps networks on a host. It runs in four ways: `apply` (from us, by SSH), `check`
 * (the same walk without changing anything), `start` (at boot) and `leave`. A step is always
 * `if need "<what is wrong>"; then <repair>; fi`, so that what `check` reports is exactly what `apply` would do.
 */
export const COMMON_PART = `#!/bin/sh
# Networks of pulumi-clocker on this host: generated, runs at boot. Settings are in the folders beside this file.
set -eu
umask 022
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C
ROOT=/var/lib/clocker/net
PROGRAM=$ROOT/clocker-net
RUN=/run/clocker
LOCK=/run/lock/clocker-network.lock
TAG=io.clocker
fix=0
# at boot; what the driver needs comes later; what the links are called of containers that have a MAC of their own
booting= waiting= link_comes_later= announced= told= machine=
# words of the address family; ipv6.ts has the other ones
cidr6= prefix6= block6= gateway6= six= bits=32 xt=iptables

# One line for each thing that differs from what it should be; true when it is to be repaired.
need() { echo "differs $1"; [ "$fix" = 1 ]; }
conflict() { echo "conflict $1"; exit 3; }
fail() { echo "$1" >&2; exit 4; }
is() { "$@" >/dev/null 2>&1; }

# Settings of one network, from a file of "key value" lines.
load() {
  config=$1
  owner= network= driver= vni= bridge= link= port= cidr= prefix= gateway= mac= underlay= mtu= domain= outbound= machine= peers= blocks=
  cidr6= prefix6= block6= gateway6=
  while read -r key value; do
    case $key in
      owner) owner=$value ;; network) network=$value ;; driver) driver=$value ;; vni) vni=$value ;;
      bridge) bridge=$value ;; link) link=$value ;; port) port=$value ;; cidr) cidr=$value ;;
      prefix) prefix=$value ;; gateway) gateway=$value ;; mac) mac=$value ;; underlay) underlay=$value ;;
      mtu) mtu=$value ;; domain) domain=$value ;; outbound) outbound=$value ;;
      machine) machine=$value ;;
      cidr6) cidr6=$value ;; prefix6) prefix6=$value ;; block6) block6=$value ;; gateway6) gateway6=$value ;;
      peer) peers="$peers \${value%% *}"; blocks="$blocks $value" ;;
    esac
  done < "$1"
}

# $1 a setting of the driver.
setting() { sed -n "s/^set $1 //p" "$config"; }
# $1 underlay address of a host, or self; $2 what it told the others.
fact_of() { sed -n "s/^fact $1 $2 //p" "$config"; }

# Takes the document from standard input apart: settings up to the line "names", then the hosts file. Secrets among the
# settings are a file of their own.
receive() {
  new=$(mktemp -d)
  trap 'rm -rf "$new"' EXIT
  while read -r line; do
    case $line in
      names) break ;;
      "secret "*) echo "\${line#secret }" >> "$new/secrets" ;;
      *) echo "$line" ;;
    esac
  done > "$new/config"
  cat > "$new/names"
}

# The whole of $1 is in $2 with these rights.
keep_file() {
  if ! cmp -s "$1" "$2"; then
    if need "$3"; then
      cp "$1" "$2.new"
      chmod "$4" "$2.new"
      mv "$2.new" "$2"
    fi
    return 0
  fi
  return 1
}

# What the document has of secrets is kept for root alone.
keep_secrets() {
  if [ ! -e "$new/secrets" ]; then
    if [ -e "$ROOT/$vni/secrets" ] && need "the secrets are no longer needed"; then rm -f "$ROOT/$vni/secrets"; fi
  elif ! cmp -s "$new/secrets" "$ROOT/$vni/secrets" && need "the secrets are new"; then
    (umask 077 && cp "$new/secrets" "$ROOT/$vni/secrets.new")
    mv "$ROOT/$vni/secrets.new" "$ROOT/$vni/secrets"
  fi
}

systemd() { [ -d /run/systemd/system ]; }

# $1 name of a unit without a file; the rest: settings, then the command. It is gone when it ends for good.
start_unit() {
  unit=$1; shift
  systemctl reset-failed "$unit.service" >/dev/null 2>&1 || true
  systemd-run --quiet --collect --unit "$unit" "$@"
}

# A unit that is started again as often as it ends.
keep_unit() { unit=$1; shift; start_unit "$unit" -p Restart=always -p RestartSec=1 -p StartLimitIntervalSec=0 "$@"; }
stop_unit() { if systemd; then systemctl stop "$1.service" >/dev/null 2>&1 || true; fi; }
pid_of_unit() { systemctl show --property MainPID --value "$1.service"; }

# $1 what for; the rest: the command of a process of this network that goes on for ever. Without systemd it is kept by its
# process id.
keep_process() {
  purpose=$1; shift
  if systemd; then
    keep_unit "clocker-$purpose-$vni" "$@"
    return 0
  fi
  mkdir -p "$RUN"
  setsid sh -c 'echo $$ > "$1"; shift; exec "$@"' sh "$RUN/$purpose-$vni.pid" "$@" </dev/null >/dev/null 2>&1 &
}

# $1 what for. The process that this network has for it: its id is in $pid, its command in $line, with a space after each word.
# Whether it is ours the caller sees by the command, since ids are given anew.
process_for() {
  if systemd; then
    pid=$(pid_of_unit "clocker-$1-$vni")
  else
    pid=$(cat "$RUN/$1-$vni.pid" 2>/dev/null) || return 1
  fi
  line=$(tr '\\0' ' ' 2>/dev/null < "/proc/$pid/cmdline")
}

alias_of() { ip -o link show dev "$1" 2>/dev/null | sed -n 's/.*alias \\([^ ]*\\).*/\\1/p'; }
mtu_of() { ip -o link show dev "$1" 2>/dev/null | sed -n 's/.* mtu \\([0-9]*\\) .*/\\1/p'; }
`;
