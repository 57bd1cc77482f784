# docker build -f docker/cuda.Dockerfile -t datayield:cuda .
# docker run --gpus all --ipc host -v "$PWD/images:/data" -v "$PWD:/work" datayield:cuda run my_study.yaml
FROM python:3.12-slim

# PyTorch's wheels for Linux bring the CUDA libraries; the host needs only NVIDIA's driver and its
# container toolkit. The compiler is for torch.compile (DATAYIELD_COMPILE=1).
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir torch torchvision

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
