from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridle.market.client.job_source import WasmSource, read_job_source
from gridle.market.protocol.errors import InvalidInputError


def test_a_whole_manifest_is_read(job: Path) -> None:
    source = read_job_source(job)
    assert source.folder == job.parent
    assert source.manifest.job.name == "sums"
    assert isinstance(source.manifest.runtime, WasmSource)
    assert source.manifest.resources.reference_s == 2.0
    assert source.manifest.verification.check == "check.py"
    assert source.manifest.combine is not None


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('name = "sums"', 'name = "Sums and more"', "job.name"),
        ('title = "Sums"', "title = 3", "job.title"),
        ('title = "Sums"\n', "", "job"),
        ('title = "Sums"', 'title = "Sums"\ncolour = "red"', "colour"),
        ('kind = "wasm"', 'kind = "quantum"', "runtime.kind"),
        ('kind = "wasm"\n', "", "runtime"),
        ('sha256 = "', 'sha256 = "zz', "runtime.sha256"),
        ("reference_s = 2", "reference_s = 0", "resources.reference_s"),
        ("reference_s = 2", 'reference_s = "long"', "resources.reference_s"),
        ("price_units = 1000", "price_units = 1.5", "pay.price_units"),
        ("price_units = 1000", "price_units = -1", "pay.price_units"),
        ("deadline_s = 3600", "deadline_s = true", "pay.deadline_s"),
        ('method = "requestor"', 'method = "trust-me"', "verification.method"),
        ('name = "data.csv"', 'name = "../data.csv"', "inputs[0].name"),
        ('[["--seed", "{round}01"], ["--seed", "{round}02"]]', "[]", "tasks.arguments"),
        ('[["--seed", "{round}01"], ["--seed", "{round}02"]]', "[[1]]", "tasks.arguments"),
        ("[pay]", "[wages]", "wages"),
        ("[tasks]", '[fence]\nisolation = "chroot"\n[tasks]', "fence.isolation"),
        ("[tasks]", '[data]\nclass = "secret"\n[tasks]', "data.class"),
        ("[tasks]", '[network]\nallow = ["10.0.0.1"]\n[tasks]', "network.allow[0]"),
        ("[tasks]", '[network]\nallow = ["*.example.org"]\n[tasks]', "network.allow[0]"),
        ("[tasks]", '[network]\nallow = ["https://example.org"]\n[tasks]', "network.allow[0]"),
        ("[tasks]", "[network]\nallow = []\n[tasks]", "network.allow"),
        ("[tasks]", "[network]\n[tasks]", "network"),
        ("[tasks]", "[checkpoint]\n[tasks]", "checkpoint"),
        (
            "[tasks]",
            "[checkpoint]\nformat_version = 1\ninterval_s = 0\n[tasks]",
            "checkpoint.interval_s",
        ),
        ("reference_s = 2", "reference_s = 2\ngpus = 17", "resources.gpus"),
    ],
)
def test_a_wrong_field_is_named(job: Path, old: str, new: str, field: str) -> None:
    text = job.read_text()
    assert old in text
    job.write_text(text.replace(old, new, 1))
    with pytest.raises(InvalidInputError) as caught:
        read_job_source(job)
    sentence = caught.value.sentence
    assert field in sentence.en
    assert field in sentence.zh
    assert sentence.en.endswith("Correct this field and try again.")
    assert caught.value.exit_code == 2


def test_what_is_no_toml_is_refused(job: Path) -> None:
    job.write_text("[job\nname")
    with pytest.raises(InvalidInputError, match="not valid TOML"):
        read_job_source(job)


def test_what_is_no_text_is_refused(job: Path) -> None:
    job.write_bytes(b"\xff\xfe[job]")
    with pytest.raises(InvalidInputError, match="not valid TOML"):
        read_job_source(job)


def test_a_missing_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_job_source(tmp_path / "none.toml")


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="cannot be read"):
        read_job_source(tmp_path)


@pytest.mark.parametrize(
    "text", ["a = " + "9" * 5000, "a = " + "[" * 5000, "a = " + "{a = " * 5000, 'a = "\\ud800"']
)
def test_what_overtaxes_the_toml_reader_is_refused(job: Path, text: str) -> None:
    job.write_text(text)
    with pytest.raises(InvalidInputError, match="not valid TOML"):
        read_job_source(job)


def test_a_field_named_like_a_place_is_named_in_no_time(job: Path) -> None:
    job.write_text('"' + " - at `$" * 100_000 + '" = 1')
    with pytest.raises(InvalidInputError, match="unknown field"):
        read_job_source(job)


def test_a_wrong_field_of_the_whole_is_at_the_top(job: Path) -> None:
    job.write_text("colour = 1")
    with pytest.raises(InvalidInputError, match=r"wrong at \(top level\): Object contains unknown"):
        read_job_source(job)


def test_a_huge_manifest_is_refused(job: Path) -> None:
    job.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(InvalidInputError, match="larger than"):
        read_job_source(job)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=400))
def test_no_bytes_give_anything_but_a_sentence(job: Path, content: bytes) -> None:
    job.write_bytes(content)
    with pytest.raises(InvalidInputError):
        read_job_source(job)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_a_manifest_cut_anywhere_is_read_or_refused(job: Path, data: st.DataObject) -> None:
    text = job.read_text()
    cut = data.draw(st.integers(0, len(text)))
    part = job.with_name("part.toml")
    part.write_text(text[:cut] + text[cut + data.draw(st.integers(0, 40)) :])
    try:
        source = read_job_source(part)
    except InvalidInputError as error:
        assert str(part) in error.sentence.en  # noqa: PT017 - whether it raises is drawn
    else:
        assert source.manifest.pay.price_units >= 1
