# The api and the recorder: no torch. The worker has Dockerfile.gpu.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MODESCOPE_HOST=0.0.0.0 \
    MODESCOPE_PORT=8000 \
    MODESCOPE_DATA=/data \
    MODESCOPE_ARTEFACTS_URL=file:///artefacts \
    MODESCOPE_FRONTEND=/app/frontend \
    MODESCOPE_CONCEPTS=/app/docs/concepts

WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY contract ./contract
COPY api ./api
COPY modescope ./modescope
RUN pip install --no-cache-dir --constraint constraints.txt ".[api,postgres,s3]" \
    && useradd --system --uid 10001 --home-dir /data modescope \
    && install --directory --owner=modescope --mode=0700 /data /artefacts
COPY frontend ./frontend
COPY docs/concepts ./docs/concepts

USER 10001
VOLUME ["/data", "/artefacts"]
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/api/v1/health')"]
CMD ["python", "-m", "api"]
