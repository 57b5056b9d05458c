#!/bin/sh
# Builds the two programs beside this file (the first time Go fetches the client modules), then
# pushes jobs, works on them, or both.
set -eu

usage() {
  echo "usage: $0 FOLDER        push a job for each file of the folder, then work on them" >&2
  echo "       $0 push FOLDER   only push" >&2
  echo "       $0 work          only work" >&2
  echo "       $0 install       only fetch the client modules and build" >&2
  exit 2
}
case "${1-}" in
  work | install) [ $# -eq 1 ] || usage ;;
  push) [ $# -eq 2 ] || usage ;;
  '' | -*) usage ;;
  *) [ $# -eq 1 ] || usage ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
if ! command -v go > /dev/null; then
  echo "This example needs Go 1.21 or later." >&2
  exit 1
fi
(cd "$here" && go build -o .bin/ ./push ./work)

case "$1" in
  install) ;;
  work) exec "$here/.bin/work" ;;
  push) exec "$here/.bin/push" "$2" ;;
  *)
    "$here/.bin/push" "$1"
    exec "$here/.bin/work"
    ;;
esac
