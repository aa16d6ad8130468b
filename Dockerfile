# lstmviz in an image: Python, lstmviz with its maps, and a user without rights.
#
#   docker build --tag lstmviz .
#   docker run --rm --publish 127.0.0.1:8050:8050 --volume "$PWD:/data:ro" --env LSTMVIZ_TOKEN=choose-one lstmviz
#
# It shows the dumps of the present folder at http://localhost:8050/?token=choose-one. The image is several times
# smaller with the wheels of torch for processors alone: give their index, which pytorch.org names, at the build as
# --build-arg TORCH_INDEX=ADDRESS.
FROM python:3.12-slim AS build
WORKDIR /src
ENV PATH=/opt/lstmviz/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/lstmviz
COPY constraints.txt ./
ARG TORCH_INDEX=
RUN pip install --constraint constraints.txt ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} torch
COPY pyproject.toml README.md LICENSE ./
COPY lstmviz lstmviz
COPY assets assets
COPY docs docs
COPY sample_models sample_models
RUN pip install --constraint constraints.txt '.[maps]'

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 lstmviz
COPY --from=build /opt/lstmviz /opt/lstmviz
ENV PATH=/opt/lstmviz/bin:$PATH PYTHONUNBUFFERED=1
USER 10001
WORKDIR /home/lstmviz
EXPOSE 8050
# Any answer will do: without the token it is a refusal.
HEALTHCHECK CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8050, timeout=5); c.request('GET', '/health'); c.getresponse()"]
ENTRYPOINT ["lstmviz"]
CMD ["serve", "/data", "--host", "0.0.0.0", "--no-browser"]
