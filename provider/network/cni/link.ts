import { CNI_AGENT } from "./agent.py.js";

/** The process between Docker and CNI, and the host's end of the network as for other plugins (plugin/link.ts). */
export const CNI_PART = `
refuse_cni() { refuse_shared_link; }

cni_agent_text() {
  cat <<'PYTHON'
${CNI_AGENT}PYTHON
}

# The chain with this host's words in it: @gateway@, @block@, @cidr@, @mtu@, @vni@, @underlay@.
cni_settings() {
  block=$(setting block)
  printf '{"gateway":"%s","conflist":' "$gateway"
  setting conflist | base64 -d | sed "s,@gateway@,$gateway,g; s,@block@,$block,g; s,@cidr@,$cidr,g; s,@mtu@,$mtu,g; s,@vni@,$vni,g; s,@underlay@,$underlay,g"
  printf '}\\n'
}

cni_process() { echo "$(command -v python3) $ROOT/$vni/cni-agent $ROOT/$vni $(setting plugin)"; }

# Docker asks us while it starts, so without systemd, which has us first anyhow, we start before it as well.
up_early_boot() {
  ! systemd || return 0
  if [ "$(readlink /etc/rc2.d/S00clocker-net)" != ../init.d/clocker-net ] && need "the early boot link is missing"; then
    ln -sfn ../init.d/clocker-net /etc/rc2.d/S00clocker-net
  fi
}

drop_early_boot() {
  for other in "$ROOT"/*/config; do
    [ "$other" = "$ROOT/$vni/config" ] || ! grep -qsx "driver cni" "$other" || return 0
  done
  rm -f /etc/rc2.d/S00clocker-net
}

up_cni() {
  up_early_boot
  cni_agent_text > "$scratch/cni-agent"
  cni_settings > "$scratch/cni.json"
  stale=
  if keep_file "$scratch/cni-agent" "$ROOT/$vni/cni-agent" "the process between Docker and CNI is missing or of another version" 755; then stale=yes; fi
  if keep_file "$scratch/cni.json" "$ROOT/$vni/cni.json" "the chain of CNI plugins is new" 600; then stale=yes; fi
  agent=$(cni_process)
  if [ -n "$stale" ] && [ "$fix" = 1 ]; then down_agent cni; fi
  up_agent cni "the process between Docker and CNI does not run"
  tries=0
  until [ -S "/run/docker/plugins/$(setting plugin).sock" ]; do
    [ "$fix" = 1 ] || break
    tries=$((tries + 1))
    [ "$tries" -le 250 ] || fail "the process between Docker and CNI does not start: $agent"
    sleep 0.02
  done
  cni_check
  link_comes_later=yes
  up_plugin
}

# A container that fails CHECK is attached anew: we take it off, and whoever applies us brings back what waits.
cni_check() {
  [ -z "$booting" ] && [ -e "$ROOT/$vni/cni.json" ] || return 0
  python3 "$ROOT/$vni/cni-agent" "$ROOT/$vni" check > "$scratch/cni-check" || true
  while read -r line; do
    if need "CNI's CHECK of $line"; then cni_again "\${line%%[: ]*}"; fi
  done < "$scratch/cni-check"
}

cni_again() {
  id=$(docker network inspect --format "{{range \\$id, \\$end := .Containers}}{{\\$end.IPv4Address}} {{\\$id}}{{println}}{{end}}" "$network-$vni" | sed -n "s,^$1/[0-9]* ,,p")
  [ -n "$id" ] || return 0
  docker inspect --format "{\\"id\\":\\"$id\\",\\"endpoint\\":{{json (index .NetworkSettings.Networks \\"$network-$vni\\")}}}" "$id" > "$scratch/again"
  keep_endpoints "$vni" < "$scratch/again"
  docker network disconnect --force "$network-$vni" "$id"
}

down_cni() {
  agent=$(cni_process)
  down_agent cni
  drop_early_boot
  rm -f "/run/docker/plugins/$(setting plugin).sock"
  down_plugin
}

paths_cni() { :; }
`;
