"""A workflow for GitHub Actions: a look, workers side by side, the Refinery, and another look."""

from __future__ import annotations

from gt.interop.supervise import pipeline
from gt.interop.supervise.site import MARK, File, Files, Site, Steps

PLACE = ".github/workflows"
"""Where workflows lie, in the repository."""


def files(site: Site) -> Files:
    """The workflow, for the repository's own folder."""
    return {f"{PLACE}/{site.name}.yml": File(_workflow(site))}


def steps(site: Site) -> Steps:
    """What is left to a person."""
    secrets = "".join(f"; gh secret set {name}" for name in site.secrets)
    return Steps(
        notes=(
            f"commit the file to {site.target}; it is a protected path, so it needs approval there{secrets}",
            "what a workflow's own token pushes starts no other workflow: the schedule, or the last step, does",
        )
    )


def _workflow(site: Site) -> str:
    numbers = ", ".join(str(number) for number in range(1, site.workers + 1))
    secrets = "".join(f"\n      {name}: ${{{{ secrets.{name} }}}}" for name in site.secrets)
    begin = f"""\
      - uses: actions/checkout@v6
        with: {{ref: {site.target}, fetch-depth: 0}}
      - run: pipx install gt-town=={site.version}
      - name: prepare
        run: |
{pipeline.script(pipeline.PREPARE, indent=10)}"""
    return f"""\
# {MARK} github
name: {site.name}
on:
  push:
    branches: [{site.target}]
  schedule:
    - cron: "*/15 * * * *"
  workflow_dispatch: {{}}
permissions:
  contents: write
  actions: write
concurrency:
  group: {site.name}
  cancel-in-progress: false
env:
  GT_ACTOR: github-actions
  GIT_TERMINAL_PROMPT: "0"
jobs:
  reconcile:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    outputs:
      due: ${{{{ steps.look.outputs.due }}}}
    steps:
{begin}
      - name: reconcile
        id: look
        run: |
{pipeline.script(pipeline.RECONCILE, indent=10)}
          if [ "$code" = 12 ]; then echo due=true >>"$GITHUB_OUTPUT"; fi
  work:
    needs: reconcile
    if: needs.reconcile.outputs.due == 'true'
    runs-on: ubuntu-latest
    timeout-minutes: {pipeline.minutes(site)}
    strategy:
      fail-fast: false
      matrix:
        worker: [{numbers}]
    env:
      WORKER: ${{{{ matrix.worker }}}}{secrets}
    steps:
{begin}
      - name: work
        run: |
{pipeline.script(pipeline.WORK, indent=10)}
  merge:
    needs: [reconcile, work]
    if: always() && needs.reconcile.outputs.due == 'true'
    runs-on: ubuntu-latest
    timeout-minutes: {pipeline.minutes(site)}
    steps:
{begin}
      - name: merge
        run: |
{pipeline.script(pipeline.MERGE, indent=10)}
      - name: reconcile
        id: look
        run: |
{pipeline.script(pipeline.RECONCILE, indent=10)}
          if [ "$code" = 12 ]; then echo due=true >>"$GITHUB_OUTPUT"; fi
      - name: go on
        if: steps.look.outputs.due == 'true'
        env:
          GH_TOKEN: ${{{{ github.token }}}}
        run: gh workflow run {site.name}.yml
"""
