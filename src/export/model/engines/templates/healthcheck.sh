#!/usr/bin/env bash
# Exits with 0 if the service on this machine is ready. The image has no curl; bash can open a
# connection itself.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${PORT:-8000}"
printf 'GET /v2/health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[[ $status == 200 ]]
