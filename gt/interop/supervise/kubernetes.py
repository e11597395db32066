"""Kubernetes: CronJobs that look, that start an Indexed Job of workers, and the Refinery; one retry layer, gt's."""

from __future__ import annotations

from gt.interop.supervise import pipeline
from gt.interop.supervise.site import MARK, File, Files, Site, Steps

CLONE = (
    "set -eu",
    'git config --global credential.helper "store --file=/secrets/git/credentials"',
    'git clone --quiet "$TOWN" /srv/town',
    "cd /srv/town",
)
"""sh lines: the town, by the credentials that a secret holds."""


def files(site: Site) -> Files:
    """The objects, and the recipe of the image that they run."""
    return {
        "kubernetes.yaml": File("---\n".join((_look(site), _merge(site), _work(site)))),
        "Dockerfile": File(_image(site)),
    }


def steps(site: Site) -> Steps:
    """What is left to a person."""
    return Steps(
        notes=(
            f"docker build -t {site.name}:latest . && docker push {site.name}:latest, with the agents that it needs",
            f"kubectl create secret generic {site.name}-git --from-file=credentials=$HOME/.git-credentials",
            *(
                f"kubectl create secret generic {site.name}-agents --from-literal={name}=..."
                for name in site.secrets
            ),
            f"kubectl create configmap {site.name} --from-literal=town=URL-OF-THE-REPOSITORY",
            f"kubectl apply -f kubernetes.yaml; at once: kubectl create job --from=cronjob/{site.name}-work {site.name}-now",
        )
    )


def _pod(site: Site, lines: tuple[str, ...], *, indent: int) -> str:
    secrets = "".join(
        f"\n      - name: {name}\n        valueFrom: {{secretKeyRef: {{name: {site.name}-agents, key: {name}}}}}"
        for name in site.secrets
    )
    text = f"""\
restartPolicy: Never
terminationGracePeriodSeconds: 60
securityContext: {{runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000}}
containers:
  - name: gt
    image: {site.name}:latest
    command:
      - /bin/sh
      - -c
      - |
{pipeline.script(CLONE, pipeline.PREPARE, lines, indent=8)}
    env:
      - name: TOWN
        valueFrom: {{configMapKeyRef: {{name: {site.name}, key: town}}}}
      - name: HOME
        value: /srv
      - name: GT_ACTOR
        value: kubernetes
      - name: GIT_TERMINAL_PROMPT
        value: "0"{secrets}
    resources:
      requests: {{cpu: 500m, memory: 512Mi}}
      limits: {{memory: {site.memory or 8192}Mi}}
    volumeMounts:
      - {{name: work, mountPath: /srv}}
      - {{name: git, mountPath: /secrets/git, readOnly: true}}
volumes:
  - name: work
    emptyDir: {{}}
  - name: git
    secret: {{secretName: {site.name}-git}}
"""
    return "\n".join(" " * indent + line for line in text.splitlines())


def _cron(site: Site, name: str, schedule: str, seconds: int, lines: tuple[str, ...], more: str = "") -> str:
    return f"""\
# {MARK} kubernetes
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {site.name}-{name}
spec:
  schedule: "{schedule}"
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 120
  successfulJobsHistoryLimit: 1
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
{more or "      backoffLimit: 0"}
      activeDeadlineSeconds: {seconds}
      ttlSecondsAfterFinished: 3600
      template:
        spec:
{_pod(site, lines, indent=10)}
"""


def _look(site: Site) -> str:
    return _cron(site, "reconcile", "*/15 * * * *", 900, pipeline.RECONCILE)


def _merge(site: Site) -> str:
    return _cron(site, "merge", "*/5 * * * *", pipeline.minutes(site) * 60, pipeline.MERGE)


def _work(site: Site) -> str:
    """Pods side by side: those of them that find nothing ready end at once."""
    indexed = f"""\
      completionMode: Indexed
      completions: {site.workers}
      parallelism: {site.workers}
      backoffLimitPerIndex: 0
      maxFailedIndexes: {site.workers}"""
    return _cron(site, "work", "*/5 * * * *", pipeline.minutes(site) * 60, pipeline.WORK, indexed)


def _image(site: Site) -> str:
    return f"""\
# {MARK} kubernetes
FROM python:3.12-slim
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends git openssh-client ca-certificates \\
 && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir gt-town=={site.version}
# The agents that the town's settings name, and what its gates need, go here.
RUN useradd --create-home --uid 1000 gt
USER 1000
WORKDIR /srv
"""
