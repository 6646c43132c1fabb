#!/bin/sh
# Starts the Grafana that is installed, with the dashboard, for this machine alone: http://localhost:3001/d/mintonce
#
#   deploy/monitoring/grafana/start.sh FOLDER [PROMETHEUS_URL]
#
# FOLDER is for its state. GRAFANA_HOME says where Grafana is, unless it is where its packages put it.
set -eu
: "${1:?give a folder for the state of Grafana}"
home=${GRAFANA_HOME:-/usr/share/grafana}
if [ ! -x "$home/bin/grafana" ]; then
  echo "There is no Grafana in $home. Install it, or set GRAFANA_HOME to the folder that it is in." >&2
  exit 1
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"

set -a
. "$here/settings.env"
PROMETHEUS_URL=${2:-http://127.0.0.1:9090}
DASHBOARDS=$(dirname "$here")
GF_PATHS_PROVISIONING=$here
# Grafana takes a relative path to begin at its own folder.
GF_PATHS_DATA=$(cd "$1" && pwd)
GF_PATHS_LOGS=$GF_PATHS_DATA/logs
GF_PATHS_PLUGINS=$GF_PATHS_DATA/plugins
GF_SERVER_HTTP_ADDR=127.0.0.1
exec "$home/bin/grafana" server --homepath "$home"
