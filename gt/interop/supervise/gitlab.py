"""A pipeline for GitLab CI: a look, workers side by side, the Refinery, and another look."""

from __future__ import annotations

from gt.interop.supervise import pipeline
from gt.interop.supervise.site import MARK, File, Files, Site, Steps


def files(site: Site) -> Files:
    """The pipeline, to be included by the repository's `.gitlab-ci.yml`."""
    return {f".gitlab/{site.name}.yml": File(_pipeline(site))}


def steps(site: Site) -> Steps:
    """What is left to a person."""
    return Steps(
        notes=(
            f"include it in .gitlab-ci.yml:  include: [{{local: .gitlab/{site.name}.yml}}]",
            "give it a scheduled pipeline, and a masked variable GT_PUSH_TOKEN: a project access token that may push",
        )
    )


def _pipeline(site: Site) -> str:
    return f"""\
# {MARK} gitlab
.{site.name}:
  image: python:3.12
  interruptible: false
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule" || $CI_PIPELINE_SOURCE == "web"
    - if: $CI_COMMIT_BRANCH == "{site.target}"
  variables:
    GIT_DEPTH: "0"
    GIT_STRATEGY: clone
    GIT_TERMINAL_PROMPT: "0"
    GT_ACTOR: gitlab-ci
  before_script:
    - pip install --quiet gt-town=={site.version}
    - git remote set-url origin "https://gt:$GT_PUSH_TOKEN@$CI_SERVER_HOST/$CI_PROJECT_PATH.git"
    - git fetch --quiet origin && git checkout --quiet -B {site.target} origin/{site.target}
    - |
{pipeline.script(pipeline.PREPARE, indent=6)}
{site.name}-reconcile:
  extends: .{site.name}
  stage: .pre
  timeout: 15 minutes
  resource_group: {site.name}-reconcile
  script:
    - |
{pipeline.script(pipeline.RECONCILE, indent=6)}
{site.name}-work:
  extends: .{site.name}
  stage: build
  timeout: {pipeline.minutes(site)} minutes
  parallel: {max(site.workers, 2)}
  script:
    - |
{pipeline.script(pipeline.WORK, indent=6)}
{site.name}-merge:
  extends: .{site.name}
  stage: test
  timeout: {pipeline.minutes(site)} minutes
  resource_group: {site.name}-merge
  when: always
  script:
    - |
{pipeline.script(pipeline.MERGE, pipeline.RECONCILE, indent=6)}
"""
