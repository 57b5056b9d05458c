#!/bin/sh
# Makes a virtual environment beside this file, once, then pushes jobs, works on them, or both.
set -eu

usage() {
  echo "usage: $0 FOLDER        push a job for each file of the folder, then work on them" >&2
  echo "       $0 push FOLDER   only push" >&2
  echo "       $0 work          only work" >&2
  echo "       $0 install       only make the virtual environment" >&2
  exit 2
}
case "${1-}" in
  work | install) [ $# -eq 1 ] || usage ;;
  push) [ $# -eq 2 ] || usage ;;
  '' | -*) usage ;;
  *) [ $# -eq 1 ] || usage ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
if ! command -v python3 > /dev/null; then
  echo "This example needs Python 3.8 or later with its venv module." >&2
  exit 1
fi
if [ ! -e "$here/.venv/installed" ] ||
  [ "$here/requirements.txt" -nt "$here/.venv/installed" ]; then
  python3 -m venv "$here/.venv" >&2
  "$here/.venv/bin/pip" install --quiet --disable-pip-version-check \
    --requirement "$here/requirements.txt" >&2
  touch "$here/.venv/installed"
fi

case "$1" in
  install) ;;
  work) exec "$here/.venv/bin/python" -u "$here/work.py" ;;
  push) exec "$here/.venv/bin/python" -u "$here/push.py" "$2" ;;
  *)
    "$here/.venv/bin/python" -u "$here/push.py" "$1"
    exec "$here/.venv/bin/python" -u "$here/work.py"
    ;;
esac
