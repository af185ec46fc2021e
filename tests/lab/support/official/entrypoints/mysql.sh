#!/bin/bash
# What the entrypoints of the mysql and mariadb images do: as root they give the data and the socket folder to mysql
# and become mysql; then they make the data where there is none, run a server without network to set the accounts and
# run the scripts of /docker-entrypoint-initdb.d, and become the server.
set -eo pipefail
shopt -s nullglob

DATADIR=/var/lib/mysql
SOCKET=/run/mysqld/mysqld.sock

file_env() {
  local name=$1 file_name=$1_FILE
  if [ "${!file_name:-}" ]; then export "$name"="$(< "${!file_name}")"; fi
  unset "$file_name"
}

make_folders() {
  mkdir -p "$DATADIR"
  if [ "$(id -u)" = 0 ]; then
    find "$DATADIR" ! -user mysql -exec chown mysql: '{}' +
    find "${SOCKET%/*}" -maxdepth 0 ! -user mysql -exec chown mysql: '{}' +
  fi
}

make_data() {
  mariadb-install-db --datadir="$DATADIR" --rpm --auth-root-authentication-method=normal --skip-test-db >/dev/null
  "$@" --skip-networking --default-time-zone=SYSTEM --socket="$SOCKET" --wsrep-on=OFF --loose-innodb-buffer-pool-load-at-startup=0 &
  local server=$! tries script
  local sql=(mariadb --protocol=socket -uroot -hlocalhost --socket="$SOCKET")
  for tries in {60..0}; do
    if "${sql[@]}" --database=mysql <<< 'SELECT 1' &> /dev/null; then break; fi
    sleep 0.5
  done
  if [ "$tries" = 0 ]; then echo >&2 'Unable to start server.'; exit 1; fi
  "${sql[@]}" --binary-mode << SQL
CREATE USER 'root'@'%' IDENTIFIED BY '$MYSQL_ROOT_PASSWORD';
GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;
SET PASSWORD FOR 'root'@'localhost' = PASSWORD('$MYSQL_ROOT_PASSWORD');
${MYSQL_DATABASE:+CREATE DATABASE IF NOT EXISTS \`$MYSQL_DATABASE\`;}
SQL
  export MYSQL_PWD=$MYSQL_ROOT_PASSWORD
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh) . "$script" ;;
      *.sql) "${sql[@]}" ${MYSQL_DATABASE:+--database="$MYSQL_DATABASE"} < "$script" ;;
    esac
  done
  unset MYSQL_PWD
  kill "$server"
  wait "$server"
  echo 'MySQL init process done. Ready for start up.'
}

if [ "${1:0:1}" = - ]; then set -- mariadbd "$@"; fi
if [ "$1" = mariadbd ] || [ "$1" = mysqld ]; then
  file_env MYSQL_ROOT_PASSWORD
  make_folders
  if [ "$(id -u)" = 0 ]; then exec gosu mysql "$BASH_SOURCE" "$@"; fi
  # a wrong option is said before anything is written
  if ! "$@" --verbose --help > /dev/null 2> /tmp/options; then cat /tmp/options >&2; exit 1; fi
  if [ ! -d "$DATADIR/mysql" ]; then
    if [ -z "${MYSQL_ROOT_PASSWORD:-}" ]; then
      echo >&2 'Database is uninitialized and password option is not specified'
      exit 1
    fi
    make_data "$@"
  fi
fi
exec "$@"
