import { ENTER_CGROUP, OWN_DEVICES, START_SYSTEMD } from "./systemd.js";

/**
 * PID 1 of a lab host, or what becomes its systemd. Arguments: folder on disk, folder in the lab's tmpfs, name, address, gateway,
 * cgroup, packages that a bare host is to lack.
 * The root is this machine's, seen through an overlay: what the host writes is its own. What must not be seen of
 * this machine is hidden by whiteouts before the first mount; a folder made again over a whiteout is empty.
 */
export const INIT_SCRIPT = `#!/bin/bash
set -eu
INIT=$0 D=$1 M=$2 NAME=$3 ADDRESS=$4 GATEWAY=$5 CGROUP=$6; shift 6 # the rest: packages to remove
SYSTEMD=; [ ! -e "$D/systemd" ] || SYSTEMD=yes
${ENTER_CGROUP}
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
hostname "$NAME"
R=$D/root
mkdir -p "$R" "$D/docker" "$D/containerd" "$D/run" "$M/upper" "$M/work"
FIRST=; [ -e "$M/seeded" ] || FIRST=yes
if [ "$FIRST" ]; then
  while read -r path; do
    [ -e "/$path" ] || continue
    mkdir -p "$M/upper/$(dirname "$path")"
    chmod --reference="/$(dirname "$path")" "$M/upper/$(dirname "$path")"
    [ -e "$M/upper/$path" ] || [ -c "$M/upper/$path" ] || mknod "$M/upper/$path" c 0 0
  done < "$D/hidden"
fi
mount -t overlay overlay -o "lowerdir=/,upperdir=$M/upper,workdir=$M/work" "$R"
if [ "$FIRST" ]; then
  mkdir -p "$R"/opt "$R"/usr/local/bin "$R"/srv "$R"/home/ops "$R"/mnt "$R"/media "$R"/etc/docker "$R"/etc/rc2.d "$R"/etc/ssh \\
    "$R"/var/lib/docker "$R"/var/lib/containerd "$R"/var/log "$R"/var/tmp
  mkdir -p -m 700 "$R/root"
  mkdir -p -m 1777 "$R/tmp"
  chmod 1777 "$R/var/tmp"
  cp -a "$D/seed/." "$R/"
  chown -R 1977:1977 "$R/home/ops"
  touch "$M/seeded"
fi
find "$D/run" -mindepth 1 -delete
mkdir -p "$D/run/sshd" "$D/run/lock" "$D/run/clocker-lab"
[ "$SYSTEMD" ] || cp "$D/utmp" "$D/run/utmp"
mount -t proc proc "$R/proc"
mount -t sysfs sysfs "$R/sys"
# The host's own group is all that its daemon can see: nothing in the host has to know of the lab.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount --bind "/sys/fs/cgroup/$CGROUP" "$R/sys/fs/cgroup"
else
  mount -t tmpfs -o mode=755 tmpfs "$R/sys/fs/cgroup"
  for group in /sys/fs/cgroup/*/; do
    [ -d "$group$CGROUP" ] || continue
    mkdir "$R/sys/fs/cgroup/$(basename "$group")"
    mount --bind "$group$CGROUP" "$R/sys/fs/cgroup/$(basename "$group")"
  done
fi
if [ -e "$D/bare" ]; then
  mkdir -p "$R/opt/apt"
  mount --bind "$(cat "$D/bare")" "$R/opt/apt"
  mount -o remount,bind,ro "$R/opt/apt"
fi
if [ -e "$D/engine" ]; then
  mkdir -p "$R/opt/engine" "$R/usr/local/sbin"
  mount --bind "$(cat "$D/engine")" "$R/opt/engine"
  mount -o remount,bind,ro "$R/opt/engine"
  for program in "$R"/opt/engine/*; do
    program=$(basename "$program")
    [ "$program" = runc ] || ln -sfn "/opt/engine/$program" "$R/usr/local/sbin/$program"
  done
fi
if [ "$SYSTEMD" ]; then
${OWN_DEVICES}
else
  mount --bind /dev "$R/dev"
fi
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$R/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$R/dev/shm"
mount --bind "$D/run" "$R/run"
mount -t tmpfs -o mode=1777 tmpfs "$R/tmp"
mount --bind "$D/docker" "$R/var/lib/docker"
mount --bind "$D/containerd" "$R/var/lib/containerd"
cd "$R"
pivot_root . .
umount -l .
cd /
set +e
until [ -e /sys/class/net/eth0 ]; do sleep 0.02; done
ip link set lo up
ip addr add "$ADDRESS/24" dev eth0
ip link set eth0 up
ip route add default via "$GATEWAY"
if [ "$FIRST" ] && [ $# -gt 0 ]; then
  dpkg --purge --force-depends --force-unsafe-io --no-triggers "$@" </dev/null
  if [ -e /usr/local/share/docker.init ]; then
    dpkg-divert --local --no-rename --divert /etc/init.d/docker.distrib --add /etc/init.d/docker
    install -m 755 /usr/local/share/docker.init /etc/init.d/docker
  fi
fi
if [ "$SYSTEMD" ]; then
  ${START_SYSTEMD}
fi
# what a distribution's boot sets from /etc/sysctl.d and what a host's own code put there
sysctl -q -p /etc/sysctl.d/*.conf >/dev/null 2>&1
/usr/sbin/sshd -E /var/log/sshd.log
( for script in /etc/rc2.d/S*; do [ -x "$script" ] && "$script" start; done ) </dev/null >>/var/log/boot.log 2>&1 &
while :; do sleep infinity & wait $!; done
`;

/** /etc/init.d/docker of a lab host: dockerd under a supervisor that starts it again unless it was told to stop. */
export const DOCKER_INIT_SCRIPT = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          docker
# Required-Start:    $syslog $remote_fs
# Required-Stop:     $syslog $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Docker Engine
### END INIT INFO
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
UP=/run/clocker-lab/docker.up
PIDFILE=/run/docker.pid
LOG=/var/log/docker.log
[ -r /etc/default/docker ] && . /etc/default/docker

running() { [ -s $PIDFILE ] && [ -d "/proc/$(cat $PIDFILE)" ]; }
answers() { [ -S /run/docker.sock ] && timeout 20 docker -H unix:///run/docker.sock version >/dev/null 2>&1; }

# Returns when the daemon answers. One that ends before that is not tried again: its settings are wrong.
start() {
  if ! running; then
    mkdir -p /run/clocker-lab
    echo $$ > $UP
    rm -f $PIDFILE /run/docker.sock
    setsid sh -c '
      up=$1 mine=$2; shift 2
      mine() { [ "$(cat "$up" 2>/dev/null)" = "$mine" ]; }
      # One that was told to stop says nothing of its end: the next may be starting already.
      while mine; do dockerd "$@"; code=$?; mine && echo $code > "$up.ended"; sleep 0.5; done
    ' dockerd-supervisor $UP $$ $DOCKER_OPTS >>$LOG 2>&1 </dev/null &
  fi
  rm -f $UP.ended
  tries=0
  until answers; do
    tries=$((tries + 1))
    if [ $tries -gt 1200 ] || [ -e $UP.ended ]; then
      rm -f $UP
      echo "docker does not start: $(tail -n 1 $LOG)" >&2
      return 1
    fi
    sleep 0.05
  done
}

stop() {
  rm -f $UP
  running || return 0
  pid=$(cat $PIDFILE)
  kill "$pid"
  tries=0
  while [ -d "/proc/$pid" ]; do
    tries=$((tries + 1))
    [ $tries -gt 600 ] && kill -9 "$pid"
    sleep 0.05
  done
}

command -v dockerd >/dev/null || { echo "docker is not installed" >&2; exit 5; }
case "$1" in
  start) start ;;
  stop) stop ;;
  restart|force-reload) stop && start ;;
  reload) running && kill -HUP "$(cat $PIDFILE)" ;;
  status) if running; then echo "docker is running"; else echo "docker is not running"; exit 3; fi ;;
  *) echo "Usage: service docker {start|stop|restart|reload|force-reload|status}" >&2; exit 2 ;;
esac
`;

/** runc that does not ask for the capability this machine cannot give. Found before the real one on PATH. */
export const RUNC_WRAPPER = `#!/bin/sh
b= prev=
for a; do [ "$prev" = --bundle ] && b=$a; prev=$a; done
[ -n "$b" ] && [ -f "$b/config.json" ] && sed -i 's/"CAP_SYS_RESOURCE",//g; s/,"CAP_SYS_RESOURCE"//g' "$b/config.json"
exec /usr/sbin/runc "$@"
`;

/** /run/utmp of a host that booted into runlevel 2: without it, installing a package does not start its service. */
export function runlevelRecord(): Buffer {
  const record = Buffer.alloc(384);
  record.writeInt16LE(1, 0); // RUN_LVL
  record.write("2N", 4); // now 2, before that none
  record.write("~", 8);
  record.write("~~", 40);
  record.write("runlevel", 44);
  return record;
}
