# Operator and workers: one image. `npm run image` builds it, and says by which builder, or that it ran these stages without
# one; so only the instructions and forms of them that image/dockerfile.ts knows are used here.
#
#   docker build -t ppo-operator:0.1.0 .                    CPU; linux/amd64 and linux/arm64
#   docker build -t ppo-operator:0.1.0-cuda --target cuda . with CUDA 12, cuDNN 9 and NCCL; linux/amd64
#   docker build --target sbom --output . .                 its bill of materials, as sbom.cdx.json
#
# Behind a registry of one's own: --build-arg NODE_IMAGE=…, --secret id=npmrc,src=$HOME/.npmrc
ARG NODE_IMAGE=docker.io/library/node:26.10.0-bookworm-slim
ARG CUDA_IMAGE=docker.io/nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04

# The production install, and npm's account of it.
FROM ${NODE_IMAGE} AS packages
WORKDIR /build/ppo-operator
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc npm ci --omit=dev
RUN npm sbom --package-lock-only --sbom-format=cyclonedx --sbom-type=application > ../npm.cdx.json

# One folder a layer: of all that was installed, this platform's.
FROM packages AS layers
COPY . .
RUN node image/layers.ts ../npm.cdx.json ../layers

FROM scratch AS sbom
COPY --from=layers /build/layers/programs/app/sbom.cdx.json /

# No distribution below: Node.js, the C libraries that it is linked with, and the programs. No shell, no npm.
FROM scratch AS cpu
COPY --from=layers /build/layers/system/ /
COPY --from=layers /build/layers/node/ /
COPY --from=layers /build/layers/packages/ /
COPY --from=layers /build/layers/programs/ /
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ppo-operator" \
      org.opencontainers.image.description="PPO on language models from one PPOJob manifest: operator and workers" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH="/usr/local/bin:/usr/bin:/bin" NODE_ENV="production"
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["node"]
CMD ["operator/main.ts"]

# What onnxruntime-node leaves to its install script: CUDA's provider, from NuGet.
FROM packages AS cuda-provider
RUN node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12

# For nodes with GPUs: CUDA, cuDNN, NCCL and the provider are in it. The workers of this version compute on the CPU in it, too.
# It ends as the CPU's does, word for word: a stage for both, FROM base-${VARIANT}, is beyond buildah 1.28 (Debian 12's), which
# passes over the stage that such a name means.
FROM ${CUDA_IMAGE} AS cuda
RUN apt-get update && apt-get install --yes --no-install-recommends libatomic1 && rm -rf /var/lib/apt/lists/*
COPY --from=layers /build/layers/node/ /
COPY --from=layers /build/layers/packages/ /
COPY --from=cuda-provider \
     /build/ppo-operator/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so \
     /build/ppo-operator/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so \
     /app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/
COPY --from=layers /build/layers/programs/ /
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ppo-operator" \
      org.opencontainers.image.description="PPO on language models from one PPOJob manifest: operator and workers, for CUDA" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV PATH="/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/bin:/usr/bin:/bin" NODE_ENV="production"
WORKDIR /app
USER 65532:65532
ENTRYPOINT ["node"]
CMD ["operator/main.ts"]

# What is built when no target is named. CUDA's stages stand behind CPU's, since older builders make all up to the target.
FROM cpu AS default
