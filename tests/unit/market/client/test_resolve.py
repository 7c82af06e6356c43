from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gridle.market.client.job_source import read_job_source
from gridle.market.client.resolve import ResolvedJob, fill_in, resolve
from gridle.market.protocol.errors import InvalidInputError, UnavailableError
from gridle.market.protocol.manifest import (
    CheckpointRule,
    ContainerRuntime,
    RegistryImage,
    WasmRuntime,
    decode_manifest,
)

IMAGE = "ab" * 32
WASM_RUNTIME = 'kind = "wasm"\nmodule = "sums.wasm"\n'


def resolved(job: Path, **variables: str) -> ResolvedJob:
    return resolve(read_job_source(job), {"round": "7", **variables})


def make_container(job: Path, lines: str) -> None:
    text = job.read_text()
    start, end = text.index("[runtime]"), text.index("[resources]")
    head = '[runtime]\nkind = "container"\ncommand = ["run"]\n'
    job.write_text(text[:start] + head + lines + "\n\n" + text[end:])


def test_the_manifest_names_everything_by_digest(job: Path) -> None:
    one = resolved(job)
    manifest = decode_manifest(one.manifest_bytes)
    module = (job.parent / "sums.wasm").read_bytes()
    assert manifest == one.manifest
    assert manifest.runtime == WasmRuntime(hashlib.sha256(module).hexdigest())
    assert manifest.tasks == (("--seed", "701"), ("--seed", "702"))
    assert manifest.inputs[0].sha256 == hashlib.sha256(b"1,2\n").hexdigest()
    assert manifest.inputs[0].size_bytes == 4
    assert {file.path.name for file in one.files} == {"sums.wasm", "first.csv"}
    assert one.manifest_sha256 == hashlib.sha256(one.manifest_bytes).hexdigest()
    assert one.check == job.parent / "check.py"
    assert one.combine == job.parent / "combine.py"


def test_scripts_and_paths_stay_at_home(job: Path) -> None:
    text = resolved(job).manifest_bytes.decode()
    assert "check.py" not in text
    assert str(job.parent) not in text


def test_a_wrong_digest_is_told(job: Path) -> None:
    (job.parent / "sums.wasm").write_bytes(b"other")
    with pytest.raises(InvalidInputError, match=r"runtime\.sha256"):
        resolved(job)


@pytest.mark.parametrize("name", ["sums.wasm", "check.py", "combine.py", "data/first.csv"])
def test_a_missing_file_is_told(job: Path, name: str) -> None:
    (job.parent / name).unlink()
    with pytest.raises(InvalidInputError, match="there is no file"):
        resolved(job)


@pytest.mark.parametrize("name", ["sums.wasm", "check.py", "combine.py", "data/first.csv"])
def test_a_symbolic_link_is_refused(job: Path, name: str) -> None:
    path = job.parent / name
    real = job.parent / "real"
    path.rename(real)
    path.symlink_to(real)
    with pytest.raises(InvalidInputError, match="symbolic link"):
        resolved(job)


def test_a_linked_folder_is_refused(job: Path) -> None:
    (job.parent / "data").rename(job.parent.parent / "elsewhere")
    (job.parent / "data").symlink_to(job.parent.parent / "elsewhere")
    with pytest.raises(InvalidInputError, match="symbolic link"):
        resolved(job)


@pytest.mark.parametrize("name", ["/etc/passwd", "../other.csv", "data/../../x", "..\\\\x"])
def test_a_path_that_leaves_the_folder_is_refused(job: Path, name: str) -> None:
    job.write_text(job.read_text().replace('path = "data/first.csv"', f'path = "{name}"'))
    with pytest.raises(InvalidInputError, match="leaves the job's folder"):
        resolved(job)


def test_a_folder_is_no_input(job: Path) -> None:
    job.write_text(job.read_text().replace('path = "data/first.csv"', 'path = "data"'))
    with pytest.raises(InvalidInputError, match="there is no file"):
        resolved(job)


def test_two_inputs_of_one_name_are_refused(job: Path) -> None:
    again = '[[inputs]]\nname = "data.csv"\npath = "check.py"\n\n[tasks]'
    job.write_text(job.read_text().replace("[tasks]", again))
    with pytest.raises(InvalidInputError, match="same name"):
        resolved(job)


def test_a_variable_without_value_is_told(job: Path) -> None:
    with pytest.raises(InvalidInputError, match="--set round=VALUE"):
        resolve(read_job_source(job), {})


@pytest.mark.parametrize(
    ("argument", "filled"),
    [
        ("{round}01", "701"),
        ("{round}{round}", "77"),
        ("{}", "{}"),
        ('{"a": 1}', '{"a": 1}'),
        ("plain", "plain"),
    ],
)
def test_only_names_in_braces_are_replaced(argument: str, filled: str) -> None:
    assert fill_in(argument, {"round": "7"}) == filled


def test_a_value_is_not_filled_in_again() -> None:
    assert fill_in("{a}", {"a": "{b}", "b": "x"}) == "{b}"


def test_an_image_by_id(job: Path) -> None:
    make_container(job, f'image = "sha256:{IMAGE}"')
    one = resolved(job)
    assert one.manifest.runtime == ContainerRuntime(IMAGE, ("run",))


def test_an_image_archive_is_uploaded(job: Path) -> None:
    (job.parent / "image.tar").write_bytes(b"layers")
    make_container(job, f'image = "sha256:{IMAGE}"\narchive = "image.tar"')
    one = resolved(job)
    digest = hashlib.sha256(b"layers").hexdigest()
    assert one.manifest.runtime == ContainerRuntime(IMAGE, ("run",), digest)
    assert digest in {file.sha256 for file in one.files}


def test_a_recipe_is_the_callers(job: Path) -> None:
    (job.parent / "packages.txt").write_text("python3\n")
    make_container(job, 'image_recipe = "packages.txt"')
    source = read_job_source(job)
    asked: list[Path] = []

    def image_of(recipe: Path) -> str:
        asked.append(recipe)
        return IMAGE

    one = resolve(source, {"round": "1"}, image_of)
    assert one.manifest.runtime == ContainerRuntime(IMAGE, ("run",))
    assert asked == [job.parent / "packages.txt"]
    with pytest.raises(UnavailableError, match="not built yet"):
        resolve(source, {"round": "1"}, lambda _: None)
    with pytest.raises(InvalidInputError, match="practice alone"):
        resolve(source, {"round": "1"})


def test_what_a_job_needs_is_written_down(job: Path) -> None:
    make_container(job, f'image = "sha256:{IMAGE}"')
    text = job.read_text().replace("reference_s = 2", "reference_s = 2\ngpus = 2")
    job.write_text(
        text.replace("gpus = 2", "gpus = 2\ngpu_memory_bytes = 8_589_934_592")
        + """
[network]
allow = ["api.example.org"]

[checkpoint]
format_version = 3
interval_s = 30
grace_s = 5
max_bytes = 1_000_000
"""
    )
    manifest = resolved(job).manifest
    assert (manifest.resources.gpus, manifest.resources.gpu_memory_bytes) == (2, 2**33)
    assert (manifest.isolation, manifest.network_allow) == ("any", ("api.example.org",))
    assert manifest.checkpoint == CheckpointRule(3, 30.0, 5.0, 1_000_000)


def test_gvisor_goes_with_no_network(job: Path) -> None:
    make_container(job, f'image = "sha256:{IMAGE}"')
    text = job.read_text() + '[fence]\nisolation = "gvisor"\n'
    job.write_text(text)
    assert resolved(job).manifest.isolation == "gvisor"
    job.write_text(text + '[network]\nallow = ["api.example.org"]\n')
    with pytest.raises(InvalidInputError, match="Under gVisor"):
        resolved(job)


def test_a_job_needs_nothing_by_default(job: Path) -> None:
    manifest = resolved(job).manifest
    assert (manifest.isolation, manifest.network_allow) == ("any", ())
    assert (manifest.data_class, manifest.result_key, manifest.checkpoint) == (
        "public",
        None,
        None,
    )


@pytest.mark.parametrize(
    "section",
    [
        '[fence]\nisolation = "gvisor"',
        '[network]\nallow = ["example.org"]',
        "[resources]\nreference_s = 2\ngpus = 1",
    ],
)
def test_what_webassembly_cannot_have_is_told(job: Path, section: str) -> None:
    text = job.read_text()
    if section.startswith("[resources]"):
        text = text.replace("[resources]\nreference_s = 2\n", "")
    job.write_text(f"{text}\n{section}\n")
    with pytest.raises(InvalidInputError, match="make it a container"):
        resolved(job)


def test_graphics_memory_without_a_card_is_told(job: Path) -> None:
    text = job.read_text()
    job.write_text(text.replace("reference_s = 2", "reference_s = 2\ngpu_memory_bytes = 1"))
    with pytest.raises(InvalidInputError, match=r"resources\.gpus"):
        resolved(job)


def test_a_sealed_job_stays_open_until_it_is_sealed(job: Path) -> None:
    assert not resolved(job).is_to_be_sealed
    job.write_text(job.read_text() + '\n[data]\nclass = "sealed"\n')
    found = resolved(job)
    assert found.is_to_be_sealed
    assert (found.manifest.data_class, found.manifest.result_key) == ("public", None)


def test_an_image_in_a_registry(job: Path) -> None:
    where = 'registry = "registry.example.org:5000/lab/tool"'
    make_container(job, f'image = "sha256:{IMAGE}"\n{where}\nmanifest_sha256 = "{"ef" * 32}"')
    runtime = resolved(job).manifest.runtime
    registry = RegistryImage("registry.example.org:5000/lab/tool", "ef" * 32)
    assert runtime == ContainerRuntime(IMAGE, ("run",), None, registry)


@pytest.mark.parametrize(
    "line", ['registry = "registry.example.org/tool"', f'manifest_sha256 = "{"ef" * 32}"']
)
def test_a_registry_and_a_digest_belong_together(job: Path, line: str) -> None:
    make_container(job, f'image = "sha256:{IMAGE}"\n{line}')
    with pytest.raises(InvalidInputError, match="belong together"):
        resolved(job)


@pytest.mark.parametrize("lines", ["", f'image = "sha256:{IMAGE}"\nimage_recipe = "packages.txt"'])
def test_image_or_recipe(job: Path, lines: str) -> None:
    make_container(job, lines)
    with pytest.raises(InvalidInputError, match="one of the two"):
        resolved(job)
