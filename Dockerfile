# Unum as a container: one program, the four libraries that it needs, and nothing else.
#
# The run-time base is empty. A program that links Swift's libraries statically still needs the C library, because a
# name is only looked up properly by the C library that the program runs with; so the loader and the few shared
# libraries that the program names are copied from the stage that built it. That is about 5 MB. debian:bookworm-slim
# would add some 75 MB, a shell, a package manager and their security notices; a fully static C library cannot look
# names up. What the empty base costs: there is no shell to look around with (see "Containers" in deploy/README.md for what
# to do instead), and a correction of the C library arrives by building again.
#
#   docker build -t unum .                   the image
#   docker build --target test .             passes the tests, on a machine that has only Docker

FROM swift:6.3-bookworm AS build
WORKDIR /src
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# What was compiled stays in a cache of the builder's: a second build compiles what changed and no more. The program is
# copied out within the same step, as a cache is not part of any layer.
RUN --mount=type=cache,id=unum-release,target=/src/.build,sharing=locked \
    --mount=type=cache,id=unum-packages,target=/var/cache/swiftpm,sharing=locked \
    swift build -c release --product unum --cache-path /var/cache/swiftpm --static-swift-stdlib -Xswiftc -use-ld=lld \
      -Xlinker --no-export-dynamic -Xlinker --icf=safe -Xlinker -z -Xlinker pack-relative-relocs && \
    install -D --strip .build/release/unum /image/usr/bin/unum
# The loader and the libraries, at the paths where the program looks for them. glibc's built-in order of looking up
# hosts has changed with its versions, so it is written down: /etc/hosts first, as Docker and Kubernetes mean it.
RUN ldd /image/usr/bin/unum | grep -o '/lib[^ ]*' | xargs -I{} cp -L --parents {} /image && \
    mkdir -p /image/etc && \
    echo 'hosts: files dns' > /image/etc/nsswitch.conf

# Everything is copied, because the tests hold documents, scripts and manifests to what they say.
FROM swift:6.3-bookworm AS test
WORKDIR /src
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends curl python3 && \
    rm -rf /var/lib/apt/lists/*
COPY . .
RUN --mount=type=cache,id=unum-debug,target=/src/.build,sharing=locked \
    --mount=type=cache,id=unum-packages,target=/var/cache/swiftpm,sharing=locked \
    swift test --cache-path /var/cache/swiftpm

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="unum" \
      org.opencontainers.image.description="Many nodes, one value: a database that holds one integer and gossips it." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="scratch"
COPY --from=build /image /
ENV PATH=/usr/bin
# A number, so that Kubernetes can see that it is not root; the image has no list of users.
USER 10001:10001
EXPOSE 7946/udp 8080/tcp
# SIGTERM lets the node tell the others that it leaves; it takes at most five of the ten seconds that Docker waits.
STOPSIGNAL SIGTERM
# Asks the node's own /readyz, at the port that HTTP_ADDR names.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=2 CMD ["unum", "health"]
ENTRYPOINT ["unum"]
