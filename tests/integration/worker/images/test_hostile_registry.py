"""Registries that lie, stall, flood and mislead: each is refused or given up, nothing is kept."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridle.market.protocol.errors import GridleError, RefusedError, UnavailableError
from gridle.market.protocol.ids import Sha256
from gridle.market.protocol.manifest import ContainerRuntime, RegistryImage
from gridle.worker.images import connecting, exchange, supply
from gridle.worker.images.supply import ImageSupply
from gridle.worker.sandbox.image_archive import check_image_archive
from gridle.worker.sources import bodies
from gridle.worker.sources.pace import Paces
from gridle.worker.sources.progress import OnProgress, Progress
from tests.rigs import registry_stub
from tests.rigs.registry_stub import Request, StubRegistry
from tests.rigs.sandbox_archive import (
    CONFIG_TYPE,
    INDEX_TYPE,
    LAYER_TYPE,
    MANIFEST_TYPE,
    config_of,
    descriptor,
    digest,
    layer_tar,
    manifest_of,
)

LAYERS = (layer_tar(secrets.token_bytes(300_000)), layer_tar(b"two"))
CONFIG = config_of(*LAYERS)
MANIFEST = manifest_of(CONFIG, *LAYERS)
IMAGE_SHA256 = digest(CONFIG).removeprefix("sha256:")
HOST_METADATA = "http://169.254.169.254/latest/meta-data/"


def sha(data: bytes) -> str:
    return digest(data).removeprefix("sha256:")


def no_blob(sha256: Sha256, on_progress: OnProgress) -> Path:
    raise AssertionError(sha256, on_progress)


@pytest.fixture
def stub() -> Iterator[StubRegistry]:
    with registry_stub.serving() as registry:
        for each in (*LAYERS, CONFIG, MANIFEST):
            registry.put(each)
        yield registry


class Fetch:
    """A supply over the stub."""

    def __init__(self, stub: StubRegistry, folder: Path) -> None:
        self.stub = stub
        self.folder = folder / "images"
        self.paces = Paces()
        self.told: list[Progress] = []
        self.supply = ImageSupply(self.folder, self.paces, no_blob, allows_near=True)

    def __call__(self, manifest: bytes = MANIFEST) -> Path:
        registry = RegistryImage(self.stub.repository, sha(manifest))
        runtime = ContainerRuntime(IMAGE_SHA256, ("/x",), None, registry)
        return self.supply.fetch(runtime, self.told.append)

    @property
    def kept_bytes(self) -> int:
        return sum(each.stat().st_size for each in self.folder.glob("*"))


@pytest.fixture
def fetch(stub: StubRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fetch:
    monkeypatch.setattr(supply, "backoff_s", lambda *_: 0.0)
    return Fetch(stub, tmp_path)


def test_an_honest_registry_gives_an_archive_that_passes(fetch: Fetch) -> None:
    archive = fetch()
    assert check_image_archive(archive, IMAGE_SHA256) == sum(map(len, LAYERS))
    assert fetch.told[-1].percent == 100
    assert fetch.paces.downloads.total_bytes > sum(map(len, LAYERS))
    assert fetch.paces.uploads.total_bytes > 0


def test_an_index_leads_to_this_machines_image(fetch: Fetch) -> None:
    machine = json.loads(CONFIG)["architecture"]
    other = descriptor(b"x", MANIFEST_TYPE, platform={"os": "linux", "architecture": "s390x"})
    mine = descriptor(MANIFEST, MANIFEST_TYPE, platform={"os": "linux", "architecture": machine})
    for manifests, fault in (([other, mine], None), ([other], "no image for linux")):
        index = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
        fetch.stub.put(index)
        if fault is None:
            assert fetch(index).exists()
        else:
            with pytest.raises(RefusedError, match=fault):
                fetch(index)


def test_a_download_goes_on_where_it_broke_off(fetch: Fetch) -> None:
    times = iter(range(100))

    def breaks_off(request: Request) -> None:
        if next(times) % 2 == 0:
            first = int(request.headers.get("Range", "bytes=0-")[6:-1])
            data = LAYERS[0][first:]
            request.head(
                206 if first else 200,
                {"Content-Length": str(len(data))}
                | ({"Content-Range": f"bytes {first}-{len(LAYERS[0]) - 1}/*"} if first else {}),
            )
            request.wfile.write(data[:100_000])
        else:
            request.serve(LAYERS[0])

    fetch.stub.hook(sha(LAYERS[0]), breaks_off)
    archive = fetch()
    check_image_archive(archive, IMAGE_SHA256)
    ranges = [each[1].get("range") for each in fetch.stub.asked if sha(LAYERS[0]) in each[0]]
    assert len(ranges) == 2
    assert ranges[0] is None
    assert ranges[1] is not None
    assert 0 < int(ranges[1][6:-1]) <= 100_000


def test_ranges_that_are_not_heeded_begin_anew(fetch: Fetch) -> None:
    times = iter(range(100))

    def forgets(request: Request) -> None:
        request.head(200, {"Content-Length": str(len(LAYERS[0]))})
        request.wfile.write(LAYERS[0][: 100_000 if next(times) == 0 else None])

    fetch.stub.hook(sha(LAYERS[0]), forgets)
    check_image_archive(fetch(), IMAGE_SHA256)


def test_a_draft_damaged_since_is_noticed_and_fetched_again(fetch: Fetch) -> None:
    archive = fetch()
    draft = archive.with_suffix(".part")
    whole = bytearray(archive.read_bytes())
    archive.unlink()
    at = whole.index(LAYERS[0][1000:1100])
    whole[at] ^= 1
    draft.write_bytes(whole[: at + 50_000])
    archive = fetch()
    check_image_archive(archive, IMAGE_SHA256)


def test_a_draft_of_anything_else_is_begun_anew(fetch: Fetch) -> None:
    archive = fetch()
    whole = archive.read_bytes()
    for kept in (b"", b"noise" * 1000, whole[:100], whole[:700], whole + b"more"):
        archive.unlink()
        archive.with_suffix(".part").write_bytes(kept)
        assert fetch().read_bytes() == whole


def endless(request: Request) -> None:
    request.head(200, {"Content-Length": str(10**12)})
    while True:
        request.wfile.write(bytes(65536))


def endless_chunks(request: Request) -> None:
    request.head(200, {"Transfer-Encoding": "chunked"})
    while True:
        request.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")


def redirects(to: str) -> Callable[[Request], None]:
    return lambda request: request.answer(307, headers={"Location": to})


def says(status: int, body: bytes = b"", **headers: str) -> Callable[[Request], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: request.answer(status, body, named)


LAYER_FAULTS: dict[str, tuple[Callable[[Request], None], str]] = {
    "wrong": (says(200, bytes(len(LAYERS[0]))), "not what was asked for"),
    "longer": (says(200, LAYERS[0] + b"more"), "more than it said"),
    "endless": (endless, "more than it said"),
    "chunks": (endless_chunks, "how long"),
    "metadata": (redirects(HOST_METADATA), "without encryption"),
    "metadata-tls": (redirects("https://169.254.169.254/x"), "private network"),
    "file": (redirects("file:///etc/passwd"), "no valid https"),
    "user": (redirects("https://me:secret@127.0.0.1/"), "no valid https"),
    "lines": (redirects("https://127.0.0.1/\x7f"), "no valid address"),
    "long": (redirects("https://127.0.0.1/" + "x" * 9000), "no valid address"),
    "nowhere": (says(307), "no valid"),
    "range": (says(206, b"x", Content_Range="bytes 5-5/6"), "another part"),
    "absent": (says(404), "does not have"),
    "short": (says(416), "shorter"),
}


@pytest.mark.parametrize("fault", LAYER_FAULTS)
def test_a_layer_that_is_not_as_it_should_be_is_refused(fetch: Fetch, fault: str) -> None:
    answer, why = LAYER_FAULTS[fault]
    fetch.stub.hook(sha(LAYERS[0]), answer)
    with pytest.raises(RefusedError, match=why):
        fetch()
    assert not list(fetch.folder.glob("*.tar"))
    assert fetch.kept_bytes < 5000


def test_a_registry_that_redirects_for_ever_is_refused(fetch: Fetch) -> None:
    place = f"http://127.0.0.1:{fetch.stub.port}/v2/acme/tool/blobs/{digest(LAYERS[0])}"
    fetch.stub.hook(sha(LAYERS[0]), redirects(place))
    with pytest.raises(RefusedError, match="without end"):
        fetch()
    assert len(fetch.stub.asked) < 12


def test_a_redirect_is_followed_without_our_leave_to_read(fetch: Fetch) -> None:
    needs_leave(fetch.stub)
    with registry_stub.serving() as other:
        other.put(LAYERS[0])
        place = f"http://127.0.0.1:{other.port}/store/x:{sha(LAYERS[0])}"
        fetch.stub.hook(sha(LAYERS[0]), redirects(place))
        check_image_archive(fetch(), IMAGE_SHA256)
        assert [path for path, _ in other.asked] == [f"/store/x:{sha(LAYERS[0])}"]
        assert "authorization" not in other.asked[0][1]


def needs_leave(stub: StubRegistry, token: bytes = b'{"token": "abc.DEF_1~2+/="}') -> None:
    challenge = f'Bearer realm="http://127.0.0.1:{stub.port}/token?x=1",service="the, \\"hub\\""'

    def guard(request: Request) -> None:
        if request.headers.get("Authorization") == "Bearer abc.DEF_1~2+/=":
            request.serve(stub.content[request.path.rpartition(":")[2]])
        else:
            request.answer(401, b"{}", {"WWW-Authenticate": challenge})

    for each in (MANIFEST, CONFIG, *LAYERS):
        stub.hook(sha(each), guard)
    stub.hooks["/token"] = says(200, token)


def test_leave_to_read_is_asked_for_by_nobody_in_particular(fetch: Fetch) -> None:
    needs_leave(fetch.stub)
    check_image_archive(fetch(), IMAGE_SHA256)
    tokens = [path for path, _ in fetch.stub.asked if path.startswith("/token")]
    assert tokens == ["/token?x=1&scope=repository%3Aacme%2Ftool%3Apull&service=the%2C+%22hub%22"]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (b"{}", "cannot be understood"),
        (b'{"token": "a b"}', "cannot be understood"),
        (b'{"token": "a\\r\\nX-Evil: 1"}', "cannot be understood"),
        (b"[" * 10_000, "cannot be understood"),
        (b'{"token": "' + b"a" * 20_000 + b'"}', "cannot be understood"),
        (b" " * 70_000, "too large"),
        (b'{"token": "wrong"}', "not give"),
    ],
    ids=["none", "blank", "lines", "deep", "long", "huge", "wrong"],
)
def test_leave_that_is_none_is_refused(fetch: Fetch, token: bytes, why: str) -> None:
    needs_leave(fetch.stub, token)
    with pytest.raises(RefusedError, match=why):
        fetch()


@pytest.mark.parametrize(
    ("challenge", "why"),
    [
        ('Bearer realm="https://evil.example/token"', "somebody else"),
        ('Bearer realm="http://169.254.169.254/"', "without encryption"),
        ('Bearer realm="https://127.0.0.1:1/",realm="https://127.0.0.1:2/"', "broken way"),
        ("Bearer", "who we are"),
        ("Bearer service=x", "no valid"),
        ('Basic realm="x"', "who we are"),
        ("", "who we are"),
        ('Bearer realm="https://127.0.0.1/' + "x" * 5000 + '"', "who we are"),
    ],
)
def test_a_strange_challenge_is_refused(fetch: Fetch, challenge: str, why: str) -> None:
    fetch.stub.hook(sha(MANIFEST), says(401, WWW_Authenticate=challenge))
    with pytest.raises(RefusedError, match=why):
        fetch()


def with_manifest(**changes: object) -> bytes:
    return json.dumps(json.loads(MANIFEST) | changes).encode()


BAD_MANIFESTS = {
    "another-image": manifest_of(config_of(b"x"), b"x"),
    "urls": with_manifest(layers=[descriptor(LAYERS[0], LAYER_TYPE, urls=["http://10.0.0.1/"])]),
    "huge": with_manifest(layers=[{"mediaType": LAYER_TYPE, "digest": digest(b""), "size": 2**40}]),
    "negative": with_manifest(
        layers=[{"mediaType": LAYER_TYPE, "digest": digest(b""), "size": -1}] * 2
    ),
    "two-sizes": with_manifest(
        layers=[descriptor(LAYERS[0], LAYER_TYPE), descriptor(LAYERS[0], LAYER_TYPE) | {"size": 1}]
    ),
    "many": with_manifest(layers=[descriptor(LAYERS[0], LAYER_TYPE)] * 129),
    "fewer": with_manifest(layers=[descriptor(LAYERS[0], LAYER_TYPE)]),
    "zstd": with_manifest(layers=[descriptor(LAYERS[0], f"{LAYER_TYPE}+zstd")] * 2),
    "digest": with_manifest(
        layers=[descriptor(LAYERS[0], LAYER_TYPE) | {"digest": "sha512:" + "0" * 128}] * 2
    ),
    "path": with_manifest(config=descriptor(CONFIG, CONFIG_TYPE) | {"digest": "sha256:../../x"}),
    "no-json": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "list": b"[]",
    "both": with_manifest(manifests=[]),
}


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_a_manifest_that_promises_something_else_is_refused(fetch: Fetch, name: str) -> None:
    manifest = BAD_MANIFESTS[name]
    fetch.stub.put(manifest)
    with pytest.raises(RefusedError):
        fetch(manifest)
    assert fetch.kept_bytes == 0


def test_an_index_of_indexes_is_not_followed(fetch: Fetch) -> None:
    machine = json.loads(CONFIG)["architecture"]
    platform = {"os": "linux", "architecture": machine}
    inner = json.dumps({"manifests": [descriptor(MANIFEST, MANIFEST_TYPE, platform=platform)]})
    fetch.stub.put(inner.encode())
    outer = json.dumps({"manifests": [descriptor(inner.encode(), INDEX_TYPE, platform=platform)]})
    fetch.stub.put(outer.encode())
    with pytest.raises(RefusedError):
        fetch(outer.encode())


def test_a_manifest_without_end_is_refused(fetch: Fetch) -> None:
    fetch.stub.hook(sha(MANIFEST), endless)
    with pytest.raises(RefusedError, match="too large"):
        fetch()
    assert fetch.paces.downloads.total_bytes < 6 * 2**20


def drips(request: Request) -> None:
    never = threading.Event()
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not never.wait(0.02):
        request.wfile.write(b"X")


def drips_a_body(request: Request) -> None:
    never = threading.Event()
    request.head(200, {"Content-Length": "300000"})
    while not never.wait(0.02):
        request.wfile.write(b"X")


@pytest.mark.parametrize(
    ("part", "answer"),
    [(MANIFEST, drips), (MANIFEST, drips_a_body), (LAYERS[0], drips), (LAYERS[0], drips_a_body)],
    ids=["manifest-head", "manifest-body", "layer-head", "layer-body"],
)
def test_one_who_holds_us_up_is_given_up(
    fetch: Fetch,
    monkeypatch: pytest.MonkeyPatch,
    part: bytes,
    answer: Callable[[Request], None],
) -> None:
    monkeypatch.setattr(connecting, "HEAD_S", 0.3)
    monkeypatch.setattr(exchange, "HEAD_S", 0.3)
    monkeypatch.setattr(exchange, "_SMALL_BODY_S", 0.3)
    monkeypatch.setattr(bodies, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(supply, "_TRIES", 2)
    fetch.stub.hook(sha(part), answer)
    with pytest.raises(UnavailableError):
        fetch()


def test_an_answer_that_may_be_cut_off_is_nobodys_fault(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supply, "_TRIES", 2)

    def without_length(request: Request) -> None:
        request.head(200, {"Connection": "close"})
        request.wfile.write(MANIFEST[:100])

    fetch.stub.hook(sha(MANIFEST), without_length)
    with pytest.raises(UnavailableError, match="cut off"):
        fetch()


def test_a_registry_that_only_breaks_off_is_given_up(fetch: Fetch) -> None:
    def breaks_off(request: Request) -> None:
        request.head(200, {"Content-Length": str(len(LAYERS[0]))})
        request.wfile.write(b"X")

    fetch.stub.hook(sha(LAYERS[0]), breaks_off)
    with pytest.raises(UnavailableError):
        fetch()
    assert len([path for path, _ in fetch.stub.asked if sha(LAYERS[0]) in path]) == 5


def test_it_is_taken_up_again_after_the_owner_closes_the_worker(fetch: Fetch) -> None:
    fetch.paces.downloads.limit(100_000)
    errors: list[GridleError] = []

    def run() -> None:
        try:
            fetch()
        except GridleError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while not any(each.done_bytes > 50_000 for each in fetch.told):
        assert thread.is_alive()
        thread.join(0.01)
    fetch.supply.close()
    fetch.paces.downloads.close()
    thread.join(20)
    assert not thread.is_alive()
    assert "ending" in str(errors[0])
    again = Fetch(fetch.stub, fetch.folder.parent)
    check_image_archive(again(), IMAGE_SHA256)
    assert again.told[0].done_bytes > 50_000


def test_a_registry_here_is_not_asked_where_only_public_ones_may_be(
    stub: StubRegistry, tmp_path: Path
) -> None:
    runtime = ContainerRuntime(
        IMAGE_SHA256, ("/x",), None, RegistryImage(stub.repository, sha(MANIFEST))
    )
    closed = ImageSupply(tmp_path, Paces(), no_blob, allows_near=False)
    with pytest.raises(RefusedError, match="private network"):
        closed.fetch(runtime)
    assert stub.asked == []


@pytest.mark.parametrize("allows_near", [False, True])
def test_a_name_that_leads_home_is_as_bad_as_an_address(
    tmp_path: Path, *, allows_near: bool
) -> None:
    def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("registry.example", 443)
        return ["169.254.169.254"] if allows_near else ["93.184.216.34", "192.168.1.1"]

    supply_ = ImageSupply(tmp_path, Paces(), no_blob, allows_near=allows_near, resolve=resolve)
    image = RegistryImage("registry.example/acme/tool", sha(MANIFEST))
    with pytest.raises(RefusedError, match="private network"):
        supply_.fetch(ContainerRuntime(IMAGE_SHA256, ("/x",), None, image))
