#!/usr/bin/env bash
# Brings the programs that the installation tests need (chart, compose, image, alerts, the Node LTS of the image) into the user's
# cache, by version, and Debian's packages onto the machine. Run by .ci/run; a second run only looks. Prints progress to stderr.
set -Eeuo pipefail

HELM_VERSION=v3.22.0
GATEWAY_API_VERSION=v1.4.0
PROMETHEUS_OPERATOR_VERSION=v0.85.0
KUBERNETES_VALIDATE_VERSION=1.37.0
NODE_LTS_VERSION=24.21.0
# The one that this Node is released with
NPM_VERSION=11.19.0
DEBIAN_PACKAGES=(buildah debootstrap debian-archive-keyring docker-compose prometheus)

tools="${XDG_CACHE_HOME:-$HOME/.cache}/tailrace/tools"
mkdir -p "$tools"
say() { echo "tools: $*" >&2; }
trap 'say "failed: $BASH_COMMAND"' ERR
# One at a time: a second run waits for the first, and then has nothing to do
exec 9>"$tools/.lock"
flock 9
need() {
  command -v "$1" >/dev/null || { say "$1 is missing: $2"; exit 1; }
}

# Debian's packages: image without a Docker engine, compose parser, promtool.
missing=()
for package in "${DEBIAN_PACKAGES[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]} > 0)); then
  need apt-get 'these tests run on Debian or a relative of it'
  say "installing ${missing[*]}"
  as_root=()
  if [[ $(id -u) != 0 ]]; then
    need sudo "installing ${missing[*]} needs root"
    as_root=(sudo)
  fi
  "${as_root[@]}" apt-get update -qq >&2
  # Run level 1: Debian would start a Prometheus on port 9090, which is Tailrace's too
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 9>&-
fi

if [[ ! -x $tools/helm-$HELM_VERSION/helm ]]; then
  need go 'install Go 1.24 or later (https://go.dev/dl)'
  say "building helm $HELM_VERSION (some minutes)"
  GOBIN="$tools/helm-$HELM_VERSION.part" go install "helm.sh/helm/v3/cmd/helm@$HELM_VERSION" >&2
  mv -T "$tools/helm-$HELM_VERSION.part" "$tools/helm-$HELM_VERSION"
fi

# Kubernetes' own JSON schemas, and the custom resources of the Gateway API and the Prometheus operator.
if [[ ! -d $tools/kubernetes-validate-$KUBERNETES_VALIDATE_VERSION ]]; then
  need python3 'install Python 3.9 or later with pip'
  say "fetching the schemas of Kubernetes"
  rm -rf "$tools/kubernetes-validate-$KUBERNETES_VALIDATE_VERSION.part"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --target "$tools/kubernetes-validate-$KUBERNETES_VALIDATE_VERSION.part" "kubernetes-validate==$KUBERNETES_VALIDATE_VERSION" >&2
  mv -T "$tools/kubernetes-validate-$KUBERNETES_VALIDATE_VERSION.part" "$tools/kubernetes-validate-$KUBERNETES_VALIDATE_VERSION"
fi
fetch_crds() { # name, Go module, version, folder within the module
  local target="$tools/crds-$1-$3"
  [[ -d $target ]] && return
  need go 'install Go 1.24 or later (https://go.dev/dl)'
  say "fetching the custom resources of $1"
  local folder
  folder=$(go mod download -json "$2@$3" | python3 -c 'import json,sys; print(json.load(sys.stdin)["Dir"])')
  rm -rf "$target.part" && mkdir "$target.part"
  cp "$folder/$4"/*.yaml "$target.part/"
  chmod -R u+w "$target.part"
  mv -T "$target.part" "$target"
}
fetch_crds gateway-api sigs.k8s.io/gateway-api "$GATEWAY_API_VERSION" config/crd/standard
fetch_crds prometheus-operator github.com/prometheus-operator/prometheus-operator "$PROMETHEUS_OPERATOR_VERSION" example/prometheus-operator-crd

# The Node that the image has, with its npm.
if [[ ! -x $tools/node-$NODE_LTS_VERSION/bin/npm ]]; then
  need npm 'install Node with npm'
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) say "no Node binary for $(uname -m)"; exit 1 ;; esac
  say "fetching Node $NODE_LTS_VERSION"
  part="$tools/node-$NODE_LTS_VERSION.part"
  rm -rf "$part" && mkdir -p "$part/bin" "$part/lib/node_modules/npm"
  unpack() { # package, folder to put it into, what of it (all)
    local archive
    archive=$(npm pack --loglevel error --pack-destination "$part" "$1")
    tar -xzf "$part/$archive" --strip-components=1 --no-same-owner -C "$2" "${@:3}"
    rm "$part/$archive"
  }
  unpack "node-linux-$arch@$NODE_LTS_VERSION" "$part" package/bin/node
  unpack "npm@$NPM_VERSION" "$part/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$part/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$part/bin/npx"
  rm -rf "$tools/node-$NODE_LTS_VERSION"
  mv -T "$part" "$tools/node-$NODE_LTS_VERSION"
fi

# Where the tests find them: one link each, whatever the version.
link() { ln -sfnT "$1" "$tools/$2"; }
link "helm-$HELM_VERSION/helm" helm
link "kubernetes-validate-$KUBERNETES_VALIDATE_VERSION/kubernetes_validate/kubernetes-json-schema" kubernetes-schemas
link "kubernetes-validate-$KUBERNETES_VALIDATE_VERSION" kubernetes-validate
link "crds-gateway-api-$GATEWAY_API_VERSION" crds-gateway-api
link "crds-prometheus-operator-$PROMETHEUS_OPERATOR_VERSION" crds-prometheus-operator
link "node-$NODE_LTS_VERSION" node-lts
say "all there, in $tools"
