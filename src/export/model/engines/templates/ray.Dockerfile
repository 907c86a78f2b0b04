# The image that ray_service.yaml names: Ray with this folder.
FROM rayproject/ray:2.60.0-py312
LABEL org.opencontainers.image.title={{label}}
RUN pip install --no-cache-dir onnxruntime==1.32.0 pillow==13.0.0
COPY . /srv/app
ENV PYTHONPATH=/srv/app
WORKDIR /srv/app
