from __future__ import annotations

from gridle.market.protocol.sentence import Sentence
from gridle.worker.sandbox.engine import Ask, Engine, Reply
from gridle.worker.sandbox.engine_search import find_engine
from tests.rigs.engine_answers import answers, docker_info, podman_info, told, which


def found(ask: Ask, *installed: str) -> Engine:
    engine = find_engine(ask, which(*installed))
    assert isinstance(engine, Engine), engine
    return engine


def complaint(ask: Ask, *installed: str) -> str:
    sentence = find_engine(ask, which(*installed))
    assert isinstance(sentence, Sentence), sentence
    return sentence.en


def test_podman_comes_before_docker() -> None:
    ask = answers(podman=told(podman_info()), docker=told(docker_info()))
    engine = found(ask, "podman", "docker", "runc")
    assert (engine.program, engine.version) == ("podman", "5.0.1")
    assert engine.passed_over == ()


def test_docker_alone_is_taken() -> None:
    assert found(answers(docker=told(docker_info())), "docker").program == "docker"


def test_docker_stands_in_for_a_broken_podman_which_is_told() -> None:
    ask = answers(podman=Reply(125, "", "no subuid"), docker=told(docker_info()))
    engine = found(ask, "podman", "docker")
    assert engine.program == "docker"
    assert "no subuid" in engine.passed_over[0].en


def test_docker_stands_in_for_a_podman_that_cannot_limit() -> None:
    info = podman_info(rootless=True, controllers=[], cgroupVersion="v1")
    engine = found(answers(podman=told(info), docker=told(docker_info())), "podman", "docker")
    assert engine.program == "docker"
    assert "cannot limit" in engine.passed_over[0].en


def test_nothing_installed_says_what_to_install() -> None:
    assert "sudo apt install podman" in complaint(answers())


def test_both_complaints_are_told() -> None:
    ask = answers(podman=Reply(1, "", "one"), docker=Reply(1, "", "two"))
    text = complaint(ask, "podman", "docker")
    assert "Podman is installed but does not work (one)" in text
    assert "Docker is installed but does not work (two)" in text
