/**
 * A machine without Docker has no name server of ours: it finds the network's names in /etc/hosts, in lines between two
 * marks of the network's own. What others wrote there stays, and a short name that is theirs stays theirs.
 */
export const HOSTS_PART = `
HOSTS_FILE=/etc/hosts

hosts_begin() { echo "# begin network $network ($vni) of pulumi-clocker"; }
hosts_end() { echo "# end network $network ($vni) of pulumi-clocker"; }

# The file without the lines of this network. Where one of its marks is gone, only the other one is known to be ours.
hosts_of_others() {
  [ ! -e "$HOSTS_FILE" ] || awk -v begin="$(hosts_begin)" -v end="$(hosts_end)" '
    { line[NR] = $0 }
    $0 == begin { ours[NR] = 1; first = NR }
    $0 == end {
      for (i = first ? first : NR; i <= NR; i++) ours[i] = 1
      first = 0
    }
    END { for (i = 1; i <= NR; i++) if (!(i in ours)) print line[i] }
  ' "$HOSTS_FILE"
}

# Names of the network as lines of the file; "address full short" is on standard input. $1: what others wrote.
hosts_lines() {
  awk -v others="$1" -v self="$(hostname)" '
    BEGIN {
      taken[tolower(self)] = 1
      while ((getline line < others) > 0) {
        sub(/#.*/, "", line)
        count = split(line, word)
        for (i = 2; i <= count; i++) taken[tolower(word[i])] = 1
      }
    }
    /^[0-9a-fA-F]/ { print (tolower($3) in taken) ? $1 " " $2 : $0 }
  '
}

up_hosts() {
  if [ "$fix" = 1 ]; then mkdir -p "$ROOT/$vni/names.d"; fi
  hosts_of_others > "$scratch/others"
  {
    cat "$scratch/others"
    hosts_begin
    cat "$ROOT/$vni/names" "$ROOT/$vni/names.d"/* 2>/dev/null | hosts_lines "$scratch/others"
    hosts_end
  } > "$scratch/hosts"
  if ! cmp -s "$scratch/hosts" "$HOSTS_FILE" && need "the network's names in $HOSTS_FILE are missing or changed"; then
    hosts_write "$scratch/hosts"
  fi
}

down_hosts() {
  kept=$(mktemp)
  hosts_of_others > "$kept"
  cmp -s "$kept" "$HOSTS_FILE" || hosts_write "$kept"
  rm -f "$kept"
}

# In one step, so that nobody reads half of it; where the file is a mount, in place.
hosts_write() {
  cp "$1" "$HOSTS_FILE.clocker"
  chmod 644 "$HOSTS_FILE.clocker"
  if ! is mv "$HOSTS_FILE.clocker" "$HOSTS_FILE"; then
    cat "$1" > "$HOSTS_FILE"
    rm -f "$HOSTS_FILE.clocker"
  fi
}
`;
