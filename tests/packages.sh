#!/bin/sh
# Installs the Debian packages that building (and testing) doorstep needs; says which. Nothing missing: nothing done.
# usage: packages.sh [build|test|interop|sqlcipher4]     SKIP_DEPS=1 leaves it out
build="gcc make pkg-config gettext libncurses-dev libsqlcipher-dev libcurl4-openssl-dev libcjson-dev libsodium-dev
       libinih-dev libutf8proc-dev zlib1g-dev libcmocka-dev libmicrohttpd-dev curl openssl tmux"
test="$build valgrind clang libclang-rt-14-dev mandoc"
interop="$build maven default-jdk-headless nodejs npm"
sqlcipher4="$build cargo libssl-dev"
case ${1:-build} in build) wanted=$build ;; test) wanted=$test ;; interop) wanted=$interop ;; sqlcipher4) wanted=$sqlcipher4 ;; *) exit 2 ;; esac

[ "${SKIP_DEPS:-0}" = 1 ] && exit 0
if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian: install the libraries that README.md names, then run again with SKIP_DEPS=1." >&2
    exit 1
fi
missing=
for package in $wanted; do
    case $package in # what another source than Debian's may have put on the machine already
    nodejs) command -v node >/dev/null && continue ;;
    cargo) command -v cargo >/dev/null && continue ;;
    npm) command -v npm >/dev/null && continue ;;
    maven) command -v mvn >/dev/null && continue ;;
    default-jdk-headless) command -v javac >/dev/null && continue ;;
    esac
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then root=; elif command -v sudo >/dev/null; then root=sudo; else
    echo "These packages are needed:$missing. Become root, or install them and run again with SKIP_DEPS=1." >&2
    exit 1
fi
echo "Installing Debian packages:$missing"
$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq --no-install-recommends $missing >/dev/null
