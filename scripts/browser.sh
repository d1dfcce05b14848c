#!/usr/bin/env bash
# Installs Chromium for the browser tests where that is possible, and says what to do where not.
# Never fails: without a browser those tests are skipped and everything else still runs.
set -u

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then
        exit 0
    fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "browser: installing Chromium for the browser tests"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null || true
    if apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core </dev/null >/dev/null &&
        command -v chromium >/dev/null; then
        exit 0
    fi
    echo "browser: Chromium could not be installed; the browser tests will be skipped." >&2
    exit 0
fi

cat >&2 <<'MESSAGE'
browser: no Chromium found, and it cannot be installed from here; the browser tests will be skipped.
         Debian or Ubuntu: sudo apt-get install chromium
         Fedora:           sudo dnf install chromium
         macOS or Windows: install Chrome or Chromium in the usual way
MESSAGE
