#!/usr/bin/env bash
# A stand-in for node:24-bookworm-slim where no registry can be reached: Debian's smallest system, and the Node and npm that
# scripts/tools.sh fetched. Prints its name; made once per version of Node. For tests of the image, never for a release.
set -euo pipefail

node="${XDG_CACHE_HOME:-$HOME/.cache}/tailrace/tools/node-lts"
mirror="${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
say() { echo "image: $*" >&2; }
fail() { say "$*"; exit 1; }

[[ -x $node/bin/node ]] || fail "$node is missing: bash scripts/tools.sh fetches it"
[[ $(id -u) == 0 ]] || fail 'debootstrap needs root: run this as root, or where the base image can be pulled'
version=$("$node/bin/node" -p process.versions.node)
name="localhost/tailrace-base:node-$version-bookworm"
if buildah inspect --type image "$name" >/dev/null 2>&1; then
  echo "$name"
  exit
fi

say "making $name from Debian's packages (about a minute)"
system=$(mktemp -d)
container=$(buildah from scratch)
trap 'buildah rm "$container" >/dev/null; rm -rf "$system"' EXIT
if ! told=$(debootstrap --variant=minbase bookworm "$system" "$mirror" 2>&1); then
  tail -n 20 <<<"$told" >&2
  fail "debootstrap failed: is $mirror within reach? DEBIAN_MIRROR names another"
fi
# What the slim images leave out too
rm -rf "$system"/usr/share/{doc,man,locale,info,lintian}/* "$system"/var/{cache,log}/* "$system"/var/lib/apt/lists/* "$system"/dev/*
cp -R "$node/bin" "$node/lib" "$system/usr/local/"
chown -R 0:0 "$system/usr/local"
tar -C "$system" --numeric-owner -c . | tar -C "$(buildah mount "$container")" --numeric-owner -x
buildah umount "$container" >/dev/null
buildah config --env NODE_VERSION="$version" --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd node "$container"
buildah commit --quiet "$container" "$name" >/dev/null
echo "$name"
