#!/usr/bin/env bash
# Installs what the harness is built of, with pinned versions, into target/conform; and the Debian packages that are missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../target/conform
apt() { $([ "$(id -u)" = 0 ] || echo sudo) apt-get "$@"; }
need=()
command -v tcpdump >/dev/null || need+=(tcpdump)
command -v node >/dev/null || need+=(nodejs)
command -v npm >/dev/null || need+=(npm)
python3 -c 'import ensurepip, venv' 2>/dev/null || need+=(python3-venv)
if [ ${#need[@]} != 0 ]; then
    apt update -qq
    DEBIAN_FRONTEND=noninteractive apt install -y -qq --no-install-recommends "${need[@]}" >/dev/null
fi
mkdir -p "$out"
stamp=$(cat "$here/requirements.txt" "$here/package-lock.json" "$0" | sha256sum)
[ "$(cat "$out/installed" 2>/dev/null || true)" != "$stamp" ] || exit 0
rm -f "$out/installed"
python3 -m venv --clear "$out/venv" && "$out/venv/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt" &
pip=$!
cp "$here/package.json" "$here/package-lock.json" "$out/"
npm ci --prefix "$out" --silent --no-audit --no-fund --ignore-scripts
wait $pip
echo "$stamp" >"$out/installed"
