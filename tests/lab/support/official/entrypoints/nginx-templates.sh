#!/bin/sh
# 20-envsubst-on-templates.sh: /etc/nginx/templates/x.template becomes /etc/nginx/conf.d/x with the environment in it.
set -eu
templates=/etc/nginx/templates
target=/etc/nginx/conf.d
[ -d "$templates" ] || exit 0
if [ ! -w "$target" ]; then
  echo "$0: ERROR: $templates exists, but $target is not writable"
  exit 0
fi
defined=$(printf '${%s} ' $(awk 'END { for (name in ENVIRON) print name }' < /dev/null))
find "$templates" -follow -type f -name '*.template' | while read -r template; do
  name=${template#"$templates"/}
  echo "$0: Running envsubst on $template"
  envsubst "$defined" < "$template" > "$target/${name%.template}"
done
