#!/bin/sh
# Makes what compose.yaml needs and no repository may hold: files below docker/secrets, and docker/.env. What is there is kept.
set -eu
cd "$(dirname "$0")"
mkdir -p -m 700 secrets

# Redis runs as uid 999, the gateway as 10001 and the application as 10002; the folder is closed to everybody else.
umask 022
make() { [ -e "secrets/$1" ] || openssl rand -hex 32 >"secrets/$1"; }
make redis_password
make application_key
# Stands for the secret that your identity provider gave you: replace it.
make billing_client_secret

printf 'APPLICATION_KEY_SHA256=%s\n' "$(tr -d '\n' <secrets/application_key | openssl dgst -sha256 -r | cut -c1-64)" >.env
