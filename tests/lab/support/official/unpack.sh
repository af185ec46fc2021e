#!/bin/bash
# unpack.sh FOLDER DEB...: the files of packages as a system with a merged /usr, without what a container never reads.
set -eu
root=$1
shift
for dir in bin sbin lib lib64; do
  mkdir -p "$root/usr/$dir"
  [ -e "$root/$dir" ] || ln -s "usr/$dir" "$root/$dir"
done
mkdir -p "$root/run" "$root/var"
[ -e "$root/var/run" ] || ln -s ../run "$root/var/run"
for deb in "$@"; do
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink --no-same-owner \
    --exclude ./usr/share/doc --exclude ./usr/share/man --exclude ./usr/share/locale --exclude ./usr/share/info \
    --exclude ./usr/share/lintian --exclude ./usr/lib/postgresql/15/lib/bitcode --exclude ./lib/systemd --exclude ./etc/init.d
done
touch "$root" # as old as its making, not as its packages
