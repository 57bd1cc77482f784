# docker build -f docker/cpu.Dockerfile -t datayield:cpu --build-arg TORCH_INDEX=ADDRESS .
FROM python:3.12-slim

# The address of PyTorch's wheels for CPUs, from its installation page: without it, the image holds
# the CUDA libraries, which a CPU does not need.
ARG TORCH_INDEX=
RUN pip install --no-cache-dir torch torchvision ${TORCH_INDEX:+--index-url "$TORCH_INDEX"}

WORKDIR /opt/datayield
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY studies studies
RUN pip install --no-cache-dir ".[train]"

ENV DATAYIELD_DATA=/data DATAYIELD_STORE=/work/store DATAYIELD_CACHE=/work/cache
VOLUME ["/data", "/work"]
WORKDIR /work
ENTRYPOINT ["datayield"]
CMD ["--help"]
