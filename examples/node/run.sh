#!/bin/sh
# Installs the client package beside this file, once, then pushes jobs, works on them, or both.
set -eu

usage() {
  echo "usage: $0 FOLDER        push a job for each file of the folder, then work on them" >&2
  echo "       $0 push FOLDER   only push" >&2
  echo "       $0 work          only work" >&2
  echo "       $0 install       only install the client package" >&2
  exit 2
}
case "${1-}" in
  work | install) [ $# -eq 1 ] || usage ;;
  push) [ $# -eq 2 ] || usage ;;
  '' | -*) usage ;;
  *) [ $# -eq 1 ] || usage ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
if ! command -v npm > /dev/null; then
  echo "This example needs Node 18 or later with npm." >&2
  exit 1
fi
if [ ! -e "$here/node_modules/.package-lock.json" ] ||
  [ "$here/package-lock.json" -nt "$here/node_modules/.package-lock.json" ]; then
  (cd "$here" && npm ci --loglevel=error >&2)
fi

case "$1" in
  install) ;;
  work) exec node "$here/work.js" ;;
  push) exec node "$here/push.js" "$2" ;;
  *)
    node "$here/push.js" "$1"
    exec node "$here/work.js"
    ;;
esac
