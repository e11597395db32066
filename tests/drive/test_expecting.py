"""When what is submitted may have landed."""

from __future__ import annotations

from pathlib import Path

from gt.drive.expecting import expected
from tests.refinery.merging import Scene, scene, town


def test_nothing_is_known_before_a_gate_has_run(yard: Scene) -> None:
    yard.submit({"a": ""})
    assert expected(yard.repo, yard.look()) == {}


def test_it_goes_by_what_the_gates_took(repo_path: Path) -> None:
    gates = '{name: quick, run: "true"}', '{name: slow, run: "sleep 1.2"}'
    yard = scene(repo_path, town(*gates, more="refinery: {slots: 1}\n"))
    yard.submit({"first": ""})
    assert yard.merge().exit_code == 0
    due = [yard.submit({f"f{n}": ""}) for n in range(3)]
    held = yard.submit({"held": ""}, hold=True)
    found = expected(yard.repo, yard.look())
    assert found.keys() == {each.id for each in due}
    assert held.id not in found
    assert list(found.values()) == sorted(found.values())
    assert 1 <= found[due[0].id] <= 10


def test_a_gate_that_never_passed_leaves_it_open(repo_path: Path) -> None:
    yard = scene(repo_path, town('{name: test, run: "test ! -e bad"}'))
    yard.submit({"good": ""})
    yard.merge()
    yard.push({".gt/town.yaml": town('{name: test, run: "true"}', '{name: new, run: "true"}')})
    yard.acknowledge()
    yard.submit({"a": ""})
    assert expected(yard.repo, yard.look()) == {}
