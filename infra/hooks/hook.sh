#!/bin/sh
# Runs a hook of azure.yaml on Linux and macOS: sh infra/hooks/hook.sh NAME. The hooks themselves are in tools/azd/.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v node >/dev/null 2>&1; then
  echo "auditseal: node is missing: install Node 18 or newer (https://nodejs.org), and run azd again" >&2
  exit 1
fi
if ! command -v npm >/dev/null 2>&1; then
  echo "auditseal: npm is missing: install it with Node (https://nodejs.org), and run azd again" >&2
  exit 1
fi
exec node tools/bootstrap.mjs tools/azd/hook.ts "$@"
