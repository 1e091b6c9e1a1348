# Serves a finished run, cross-validation or blend: docker build -t competition-serve . &&
# docker run --rm --read-only --tmpfs /tmp -p 127.0.0.1:8000:8000 -v "$PWD/runs/clothing-1:/run:ro" competition-serve
# Another image trains (EXTRAS=gpu) or tags (EXTRAS=cluster) on Kubernetes: deploy/train.yaml, deploy/ray-cluster.yaml.
FROM python:3.12-slim

WORKDIR /app
COPY requirements.lock requirements-dev.lock ./
# What the extras need has the versions of the lock of the tools, without the tools.
RUN pip install --no-cache-dir --require-hashes -r requirements.lock \
 && grep -v '^ ' requirements-dev.lock | sed 's/ \\$//' > versions.txt
COPY pyproject.toml README.md LICENSE ./
COPY competition competition
ARG EXTRAS=serve
RUN pip install --no-cache-dir --no-build-isolation --constraint versions.txt ".[$EXTRAS]" \
 && useradd --create-home --uid 10001 serve

USER serve
WORKDIR /home/serve
EXPOSE 8000
HEALTHCHECK --start-period=60s CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz')"]
# docker stop waits ten seconds before it kills; the server finishes what has begun in up to thirty: docker stop -t 35
ENTRYPOINT ["competition", "serve"]
CMD ["/run", "--host", "0.0.0.0"]
