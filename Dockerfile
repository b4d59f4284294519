# Unum as a container: one program, the four libraries that it needs, and nothing else.
#
# The run-time base is empty. A program that links Swift's libraries statically still needs the C library, because name
# look-ups only work with a shared one. So the loader and the few shared libraries that the program names are copied from
# the build stage. They take about 5 MB. debian:bookworm-slim would add some 75 MB, a shell, a package manager and their
# security notices; a fully static C library cannot look names up. The empty base has a cost: there is no shell for
# debugging (see "Containers" in deploy/README.md for what to do instead), and a fix in the C library arrives only with a
# new build.
#
#   docker build -t unum .                   the image
#   docker build --target test .             runs the tests, on a machine that has only Docker

FROM swift:6.3-bookworm AS build
WORKDIR /src
COPY Package.swift ./
COPY Sources ./Sources
COPY Tests ./Tests
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Compiled files stay in the builder's cache, so a second build compiles only what changed. The same step copies the
# program out, because a cache is not part of any layer.
RUN --mount=type=cache,id=unum-release,target=/src/.build,sharing=locked \
    --mount=type=cache,id=unum-packages,target=/var/cache/swiftpm,sharing=locked \
    swift build -c release --product unum --cache-path /var/cache/swiftpm --static-swift-stdlib -Xswiftc -use-ld=lld \
      -Xlinker --no-export-dynamic -Xlinker --icf=safe -Xlinker -z -Xlinker pack-relative-relocs && \
    install -D --strip .build/release/unum /image/usr/bin/unum
# Copy the loader and the libraries to the paths where the program looks for them. glibc's built-in order of host look-ups
# has changed between versions, so we write it down: /etc/hosts first, as Docker and Kubernetes expect.
RUN ldd /image/usr/bin/unum | grep -o '/lib[^ ]*' | xargs -I{} cp -L --parents {} /image && \
    mkdir -p /image/etc && \
    echo 'hosts: files dns' > /image/etc/nsswitch.conf

# Copy everything, because the tests also check documents, scripts and manifests.
FROM swift:6.3-bookworm AS test
WORKDIR /src
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends curl python3 && \
    rm -rf /var/lib/apt/lists/*
COPY . .
# Where the package manager keeps what it has fetched.
ENV XDG_CACHE_HOME=/var/cache
# Which check of `.ci/run`: all tests, if nothing else is given.
ARG CHECK=tests
RUN --mount=type=cache,id=unum-debug,target=/src/.build,sharing=locked \
    --mount=type=cache,id=unum-asan,target=/src/.build-asan,sharing=locked \
    --mount=type=cache,id=unum-packages,target=/var/cache/org.swift.swiftpm,sharing=locked \
    .ci/run "$CHECK"

FROM scratch
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="unum" \
      org.opencontainers.image.description="Many nodes, one value: a database that holds one integer and gossips it." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="scratch"
COPY --from=build /image /
ENV PATH=/usr/bin
# A number, so that Kubernetes can see that it is not root. The image has no list of users.
USER 10001:10001
EXPOSE 7946/udp 8080/tcp
# On SIGTERM the node tells the others that it is leaving. It takes at most five of the ten seconds that Docker waits.
STOPSIGNAL SIGTERM
# Asks the node's own /readyz, at the port that HTTP_ADDR names.
HEALTHCHECK --interval=5s --timeout=3s --start-period=10s --retries=2 CMD ["unum", "health"]
ENTRYPOINT ["unum"]
