#!/bin/bash
# What the entrypoint of the postgres image does: as root it prepares the data and the socket folder and becomes
# postgres; then it makes the cluster where there is none, runs the scripts of /docker-entrypoint-initdb.d against a
# server that listens on its socket only, and becomes the server.
set -Eeuo pipefail

# NAME or the content of the file that NAME_FILE names; not both
file_env() {
  local name=$1 file_name=$1_FILE
  if [ "${!name:-}" ] && [ "${!file_name:-}" ]; then
    echo >&2 "error: both $name and $file_name are set"
    exit 1
  fi
  if [ "${!file_name:-}" ]; then export "$name"="$(<"${!file_name}")"; fi
  unset "$file_name"
}

make_folders() {
  mkdir -p "$PGDATA"
  chmod 00700 "$PGDATA" || :
  mkdir -p /var/run/postgresql || :
  chmod 03775 /var/run/postgresql || :
  if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" ! -user postgres -exec chown postgres '{}' +
    find /var/run/postgresql ! -user postgres -exec chown postgres '{}' +
  fi
}

make_cluster() {
  initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") >/dev/null
  printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  local sql=(psql -v ON_ERROR_STOP=1 --no-password --no-psqlrc --username "$POSTGRES_USER")
  if [ "$POSTGRES_DB" != postgres ]; then
    "${sql[@]}" --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
  fi
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh) . "$script" ;;
      *.sql) "${sql[@]}" --dbname "$POSTGRES_DB" -f "$script" ;;
    esac
  done
  PGUSER=$POSTGRES_USER pg_ctl -D "$PGDATA" -m fast -w stop
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ]; then
  file_env POSTGRES_PASSWORD
  export POSTGRES_USER=${POSTGRES_USER:-postgres}
  export POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  make_folders
  if [ "$(id -u)" = 0 ]; then exec gosu postgres "$BASH_SOURCE" "$@"; fi
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -z "${POSTGRES_PASSWORD:-}" ]; then
      echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
      exit 1
    fi
    ls /docker-entrypoint-initdb.d/ > /dev/null
    make_cluster
  fi
fi
exec "$@"
