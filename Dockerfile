# Tailrace as a container: `docker build -t tailrace/tailrace .`, or `node scripts/image.mjs`, which also builds without Docker.
# The image is plain JavaScript on the slim Node LTS: the last stage runs nothing, so any platform of the base can be built on any
# machine (`--platform linux/amd64,linux/arm64`).
#
# A release pins the base by digest: --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:<digest>
ARG NODE_IMAGE=node:24-bookworm-slim

# Both secrets are optional and never in a layer: `npmrc` names a registry and its credentials, `ca` the certificates of a proxy
# (its .npmrc then says cafile=/run/secrets/ca).
FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=ca,target=/run/secrets/ca \
    --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts && chmod -R go-w,a+rX node_modules

FROM --platform=${BUILDPLATFORM} ${NODE_IMAGE} AS program
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    --mount=type=secret,id=ca,target=/run/secrets/ca \
    --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts
COPY . .
# A connector that is mounted somewhere finds the package by its name from there: /node_modules.
# Installed above, whatever a cached layer and a fresh clone say of their age. Types and source maps serve nobody in a container
RUN touch node_modules/.package-lock.json && node scripts/build.mjs \
 && find dist -type f \( -name '*.d.ts' -o -name '*.map' -o -name '.*' \) -delete \
 && install -d /image/app /image/usr/local/bin \
 && cp -R dist package.json LICENSE /image/app/ \
 && chmod 755 /image/app/dist/src/main.js \
 && ln -s /app/dist/src/main.js /image/usr/local/bin/tailrace \
 && install -d /image/node_modules && ln -s /app /image/node_modules/tailrace \
 && chmod -R go-w,a+rX /image

FROM ${NODE_IMAGE}
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=program /image/ /

# The heap follows the memory limit of the container; the rest is for what lies outside of the heap. Node alone would take half of
# the limit, and never more than 4 GiB. Who sets NODE_OPTIONS for another reason repeats this option.
# Probes and scrapers come from outside of the container, to the admin port too.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-old-space-size-percentage=75 \
    TAILRACE__ADMIN__HOST=0.0.0.0

# By number, so that Kubernetes can see that it is not root. Nothing in the image belongs to it, and it writes nothing.
USER 65532:65532
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/dist/src/main.js", "health", "-c", "/etc/tailrace/tailrace.yaml"]
ENTRYPOINT ["node", "/app/dist/src/main.js"]
CMD ["run", "-c", "/etc/tailrace/tailrace.yaml"]

ARG VERSION=0.0.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="Tailrace" \
      org.opencontainers.image.description="Kafka-to-WebSocket bridge: the current value at once, then small deltas, tailored for each session" \
      org.opencontainers.image.source="https://github.com/tailrace/tailrace" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
