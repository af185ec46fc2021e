#!/bin/sh
# 10-listen-on-ipv6-by-default.sh: changes default.conf in place, where it is as the image brought it and can be written.
set -eu
config=/etc/nginx/conf.d/default.conf
[ -f "$config" ] || exit 0
if ! touch "$config" 2>/dev/null; then
  echo "$0: info: can not modify $config (read-only file system?)"
  exit 0
fi
[ -e /proc/net/if_inet6 ] || exit 0
grep -q 'listen  *\[::]:80;' "$config" || sed -i -E 's,listen       80;,listen       80;\n    listen  [::]:80;,' "$config"
