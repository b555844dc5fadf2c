# shellcheck shell=bash disable=SC2034
# Names, addresses and ports of the test bed. Everything a reader may want to change is here.

umask 022
export LC_ALL=C
export HOME=${HOME:-~}
# Bridges, iptables and mounts need the administrator's tools, which are not on every user's PATH.
PATH=$PATH:/usr/sbin:/sbin

BED_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE_DIR=${HOLDFAST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/holdfast}
RUN_DIR=${HOLDFAST_TESTBED_DIR:-/var/lib/holdfast-testbed}

NODES=(a b)
declare -A NODE_BRIDGE=([a]=cni0 [b]=cni1)
declare -A NODE_ADDRESS=([a]=10.244.0.1 [b]=10.244.1.1)
declare -A NODE_SUBNET=([a]=10.244.0.0/24 [b]=10.244.1.0/24)
declare -A NODE_FIRST_POD=([a]=10.244.0.10 [b]=10.244.1.10)
declare -A NODE_PORT=([a]=10250 [b]=10250)
declare -A NODE_HEALTH_PORT=([a]=10248 [b]=10348)
POD_NETWORK=10.244.0.0/16
# How long a part may take to start, in seconds: much is started at once by tests.
START_WAIT=180
SERVICE_NETWORK=10.96.0.0/16
SERVICE_ADDRESS=10.96.0.1
# Whom pods ask for the addresses of services; nobody when empty.
DNS_ADDRESS=10.96.0.10
CLUSTER_DOMAIN=cluster.local

API_PORT=${HOLDFAST_TESTBED_API_PORT:-6443}
API_SERVER=https://${NODE_ADDRESS[a]}:$API_PORT
CONTROLLERS_PORT=${HOLDFAST_TESTBED_CONTROLLERS_PORT:-10257}
SCHEDULER_PORT=${HOLDFAST_TESTBED_SCHEDULER_PORT:-10259}
DNS_PORT=${HOLDFAST_TESTBED_DNS_PORT:-10053}
DNS_READY_PORT=${HOLDFAST_TESTBED_DNS_READY_PORT:-10054}
PROVISIONER_PORT=${HOLDFAST_TESTBED_PROVISIONER_PORT:-10261}
ETCD_PORT=${HOLDFAST_TESTBED_ETCD_PORT:-12379}
ETCD_PEER_PORT=${HOLDFAST_TESTBED_ETCD_PEER_PORT:-$((ETCD_PORT + 1))}
TEMPORAL_PORT=${HOLDFAST_TESTBED_TEMPORAL_PORT:-7233}
TEMPORAL_UI_PORT=${HOLDFAST_TESTBED_TEMPORAL_UI_PORT:-8233}
# SeaweedFS also listens on each of its four ports plus 10000.
S3_PORT=${HOLDFAST_TESTBED_S3_PORT:-8333}
S3_FILER_PORT=$((S3_PORT + 1))
S3_VOLUME_PORT=$((S3_PORT + 2))
S3_MASTER_PORT=$((S3_PORT + 3))

BED_KUBECONFIG=$RUN_DIR/kubeconfig
REQUEST_LOG=$RUN_DIR/requests.log
BED_S3_KEY_ID=holdfast
BED_S3_SECRET_KEY=holdfast-testbed
BED_S3_REGION=us-east-1
BED_S3_BUCKET=holdfast

# Search attributes that Holdfast's workflows set, all of type Keyword.
SEARCH_ATTRIBUTES=(HoldfastKind HoldfastName HoldfastCluster HoldfastPhase)

# No registry serves these names: both nodes get the images from archives built here.
PAUSE_IMAGE=holdfast.test/pause:1
BUSYBOX_IMAGE=holdfast.test/busybox:1.35
# Loaded when a test asks for it.
WEBHOOK_IMAGE=holdfast.test/webhook:1
POSTGRES_IMAGE=holdfast.test/postgres:15
