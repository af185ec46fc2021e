#!/bin/sh
# What the entrypoint of the redis image does: as root it gives the data folder to redis and becomes redis.
set -e

# options or a configuration file alone are for the server
case "$1" in
  -* | *.conf) set -- redis-server "$@" ;;
esac

if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
  find . ! -user redis -exec chown redis '{}' +
  securebits=
  # images since redis 8 lock the capabilities away for good where they are allowed to
  if setpriv -d | grep -q 'Capability bounding set:.*setpcap'; then
    securebits=--securebits=+noroot,+noroot_locked,+no_setuid_fixup,+no_setuid_fixup_locked
  fi
  # shellcheck disable=SC2086
  exec setpriv --reuid=redis --regid=redis --clear-groups $securebits -- "$0" "$@"
fi

[ "$(umask)" = 0022 ] && umask 0077
exec "$@"
