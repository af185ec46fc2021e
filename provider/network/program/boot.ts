/**
 * Brings the networks back after a reboot, without us. As a systemd unit it runs before dockerd, so that containers
 * start into a complete network; where one could not be made (the hosts' own network comes late), the unit tries again until it is. A sysv
 * script may run after Docker, and has containers without their network and its rules until then.
 */
export const BOOT_PART = `
UNITS=/etc/systemd/system

boot_unit() {
  cat <<'UNIT'
[Unit]
Description=Networks of pulumi-clocker
After=local-fs.target network-online.target systemd-modules-load.service nftables.service netfilter-persistent.service ufw.service firewalld.service openvswitch-switch.service
Before=docker.service
Wants=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /var/lib/clocker/net/clocker-net start
UNIT
  # an older systemd takes no such unit at all
  if [ "$(systemd_version)" -ge 244 ]; then printf 'Restart=on-failure\\nRestartSec=5\\n'; fi
  printf '[Install]\\nWantedBy=multi-user.target\\n'
}

systemd_version() { systemctl --version | sed -n '1s/^systemd \\([0-9]*\\).*/\\1/p'; }

boot_script() {
  cat <<'SCRIPT'
#!/bin/sh
### BEGIN INIT INFO
# Provides:          clocker-net
# Required-Start:    $network $remote_fs
# Required-Stop:
# Should-Start:      docker
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Networks of pulumi-clocker
### END INIT INFO
case "$1" in
  start|restart|force-reload) exec /bin/sh /var/lib/clocker/net/clocker-net start ;;
esac
SCRIPT
}

up_boot() {
  if systemd; then
    boot_unit > "$scratch/boot"
    if keep_file "$scratch/boot" "$UNITS/clocker-net.service" "the boot unit is missing or changed" 644 && [ "$fix" = 1 ]; then
      systemctl daemon-reload
    fi
    if [ ! -L "$UNITS/multi-user.target.wants/clocker-net.service" ] && need "the boot unit is not enabled"; then
      systemctl enable --quiet clocker-net.service
    fi
    return 0
  fi
  boot_script > "$scratch/boot"
  keep_file "$scratch/boot" /etc/init.d/clocker-net "the boot script is missing or changed" 755 || true
  if [ "$(readlink /etc/rc2.d/S99clocker-net)" != ../init.d/clocker-net ] && need "the boot link is missing"; then
    mkdir -p /etc/rc2.d
    ln -sfn ../init.d/clocker-net /etc/rc2.d/S99clocker-net
  fi
}

drop_boot() {
  if [ -e "$UNITS/clocker-net.service" ]; then
    # after a boot it is active, and would stay so without its file
    systemctl disable --now --quiet clocker-net.service || true
    rm -f "$UNITS/clocker-net.service"
    systemctl daemon-reload
  fi
  rm -f /etc/rc2.d/S99clocker-net /etc/init.d/clocker-net
}
`;
