#!/bin/sh
# Makes a database where there is none, and becomes the server.
set -eu
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --auth trust --encoding UTF8 --locale C.UTF-8
fi
exec postgres "$@"
