# Two images from one build: docker build --target redirectd, or --target
# sipedge (make images builds both). Each holds one static binary, the roots of
# TLS and nothing else, no shell either.
ARG GO_VERSION=1.26.8

FROM golang:${GO_VERSION}-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath \
    -ldflags "-s -w -X github.com/redirectd/redirectd/internal/version.Set=${VERSION}" \
    -o /out/ ./cmd/redirectd ./cmd/sipedge

FROM scratch AS base
ARG VERSION=
LABEL org.opencontainers.image.source="https://github.com/redirectd/redirectd" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY LICENSE /
USER 65532:65532

FROM base AS redirectd
LABEL org.opencontainers.image.title="redirectd"
COPY --from=build /out/redirectd /
EXPOSE 50051/tcp 9050/tcp
ENTRYPOINT ["/redirectd"]

FROM base AS sipedge
LABEL org.opencontainers.image.title="sipedge"
COPY --from=build /out/sipedge /
EXPOSE 5060/udp 5060/tcp 9060/tcp
ENTRYPOINT ["/sipedge"]
