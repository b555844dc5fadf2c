# shellcheck shell=bash
# The Temporal development server, with a database file and with its web pages.

launch_temporal() {
  local attributes=() name
  for name in "${SEARCH_ATTRIBUTES[@]}"; do
    attributes+=(--search-attribute "$name=Keyword")
  done
  mkdir -p "$RUN_DIR/temporal"
  # The two pragmas spare the disk; they make a step of a workflow markedly faster.
  spawn temporal "$TEMPORAL_CLI" server start-dev --disable-config-env --disable-config-file --log-level warn \
    --ip 127.0.0.1 --port "$TEMPORAL_PORT" --ui-port "$TEMPORAL_UI_PORT" --ui-disable-news-fetch \
    --db-filename "$RUN_DIR/temporal/temporal.db" \
    --sqlite-pragma journal_mode=WAL --sqlite-pragma synchronous=OFF "${attributes[@]}"
}

# The user's own TEMPORAL_* settings, such as an API key, are meant for another server.
temporal_cli() {
  env -i HOME="$HOME" timeout 10 "$TEMPORAL_CLI" --disable-config-env --disable-config-file "$@" \
    --address "$BED_TEMPORAL_ADDRESS"
}

is_ready_temporal() {
  temporal_cli operator cluster health >/dev/null 2>&1
}

# Pods cannot reach the loopback address, so their connections come to the bridge and are passed on.
launch_temporal_relay() {
  spawn temporal-relay socat "TCP-LISTEN:$TEMPORAL_PORT,bind=${NODE_ADDRESS[a]},fork,reuseaddr,nodelay" \
    "TCP:$BED_TEMPORAL_ADDRESS,nodelay"
}

# It is asked for a connection only: whether Temporal answers is Temporal's matter.
is_ready_temporal_relay() {
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"' relay "${NODE_ADDRESS[a]}" "$TEMPORAL_PORT" 2>/dev/null
}
