#!/bin/sh
# Takes a bare Debian or Ubuntu machine to a working `.venv`; every step is skipped when done.
# Usage: setup.sh [all|test|bench]
set -eu
cd "$(dirname "$0")/../.."

for candidate in python3 python3.11 python3.12 python3.13 python3.14 /usr/bin/python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        exec "$candidate" -I installer/development/setup.py "$candidate" "$@"
    fi
done
echo "Gridle needs Python 3.11 or newer; install it (on Debian 12 or Ubuntu 24.04: apt install python3)." >&2
echo "Gridle 需要 Python 3.11 或更新版本；请先安装（Debian 12 或 Ubuntu 24.04：apt install python3）。" >&2
exit 1
