#!/bin/sh
# What the entrypoint of the nginx image does: the scripts of /docker-entrypoint.d, then the command.
set -e
if [ "$1" = nginx ] || [ "$1" = nginx-debug ]; then
  find /docker-entrypoint.d/ -follow -type f -print | sort -V | while read -r script; do
    case "$script" in
      *.envsh) . "$script" ;;
      *.sh) [ -x "$script" ] && "$script" ;;
    esac
  done
  echo "$0: Configuration complete; ready for start up"
fi
exec "$@"
