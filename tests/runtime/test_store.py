"""The weight store: what goes in has the pinned hash, what comes out still has it, and nothing is fetched unasked."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import urllib.error
import urllib.request
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest

from retouch.errors import FileError, WeightsError
from retouch.runtime import transfer
from retouch.runtime.store import MANIFEST, Entry, WeightStore, default_folder, is_offline

DATA = b"not really weights"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RETOUCH_WEIGHTS", "RETOUCH_OFFLINE", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "authors file.bin"
    path.write_bytes(DATA)
    return path


@pytest.fixture
def store(tmp_path: Path) -> WeightStore:
    return WeightStore(tmp_path / "a" / "store")


def entry(name: str = "dncnn", sha256: str = SHA256, file: str = "") -> Entry:
    return Entry(name, file or f"{name}.onnx", sha256, "MIT", "https://example.org/dncnn.onnx", "dncnn")


def names(store: WeightStore) -> set[str]:
    return {path.name for path in store.folder.iterdir()} if store.folder.exists() else set()


def test_what_was_added_is_found_with_its_facts(store: WeightStore, source: Path) -> None:
    assert store.entries() == {}
    target = store.add(source, entry())
    assert target.read_bytes() == DATA
    assert store.path_of("dncnn") == target
    assert WeightStore(store.folder).entries() == {"dncnn": entry()}
    assert names(store) == {MANIFEST, "dncnn.onnx"}


def test_the_manifest_is_a_list_that_people_can_read(store: WeightStore, source: Path) -> None:
    store.add(source, entry("b"))
    store.add(source, entry("a"))
    lines = json.loads((store.folder / MANIFEST).read_text())["weights"]
    assert [line["name"] for line in lines] == ["a", "b"]
    assert set(lines[0]) == {"name", "file", "sha256", "licence", "source", "net"}


def test_a_file_with_another_hash_changes_nothing(store: WeightStore, source: Path) -> None:
    store.add(source, entry())
    with pytest.raises(WeightsError, match=f"gives another file: SHA-256 {SHA256}, pinned is 0000.*nothing was kept"):
        store.add(source, entry(sha256="0" * 64))
    assert store.path_of("dncnn").read_bytes() == DATA
    assert names(store) == {MANIFEST, "dncnn.onnx"}


def test_weights_that_are_not_there_come_with_what_to_do(store: WeightStore, source: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights 'lama'.*is empty; see 'retouch weights fetch --help'"):
        store.path_of("lama")
    store.add(source, entry())
    with pytest.raises(WeightsError, match=r"unknown weights 'dncn'; did you mean 'dncnn'\? .*fetch them into"):
        store.path_of("dncn")
    with pytest.raises(WeightsError, match="No such file or directory"):
        store.add(source.parent / "gone", entry("gone"))
    assert WeightsError.exit_code == 7


def test_damage_is_seen_at_the_next_use_and_by_verify(store: WeightStore, source: Path) -> None:
    store.add(source, entry("sound"))
    store.add(source, entry("cut"))
    store.add(source, entry("gone"))
    assert store.verify() == {}
    (store.folder / "cut.onnx").write_bytes(DATA[:-1])
    (store.folder / "gone.onnx").unlink()
    with pytest.raises(WeightsError, match=r"weights cut cannot be used: .*pinned is .*fetch them again"):
        store.path_of("cut")
    faults = store.verify()
    assert set(faults) == {"cut", "gone"}
    assert "No such file" in faults["gone"]


def test_prune_removes_what_the_manifest_does_not_name(store: WeightStore, source: Path) -> None:
    assert store.prune() == []
    store.add(source, entry())
    (store.folder / "old.onnx").write_bytes(b"")
    (store.folder / ".retouch-1234.part").write_bytes(b"")
    (store.folder / "link").symlink_to(source)
    (store.folder / "folder").mkdir()
    assert [path.name for path in store.prune()] == [".retouch-1234.part", "link", "old.onnx"]
    assert names(store) == {MANIFEST, "dncnn.onnx", "folder"}
    assert source.exists()  # the link went, not the file behind it


def test_prune_removes_nothing_from_a_folder_that_is_no_store(tmp_path: Path, source: Path) -> None:
    with pytest.raises(WeightsError, match=r"no manifest\.json, so it is no weight store; nothing was removed"):
        WeightStore(tmp_path).prune()
    assert source.exists()


@pytest.mark.parametrize(
    "line",
    [
        {"name": "a", "file": "../a.onnx"},
        {"name": "a", "file": "/etc/passwd"},
        {"name": "a", "file": "b\\..\\a"},
        {"name": "a", "file": ".."},
        {"name": "a", "file": ""},
        {"name": "a", "file": MANIFEST},
        {"name": "../a", "file": "a"},
        {"name": "a", "file": "a", "sha256": "short"},
        {"name": "a", "file": "a", "colour": "red"},
        {"file": "a"},
        {"name": 3, "file": "a"},
        "a",
    ],
)
def test_a_manifest_that_names_something_odd_is_refused(line: Any, store: WeightStore) -> None:
    store.folder.mkdir(parents=True)
    full = {"sha256": SHA256, **line} if isinstance(line, dict) else line
    (store.folder / MANIFEST).write_text(json.dumps({"weights": [full]}))
    with pytest.raises(WeightsError) as caught:
        store.prune()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"weights": 3}', "[" * 100_000, "\xff"])
def test_a_damaged_manifest_is_one_error(text: str, store: WeightStore) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / MANIFEST).write_text(text, "latin-1")
    with pytest.raises(WeightsError, match=r"cannot read the manifest .*put it right or remove it"):
        store.entries()


def test_two_weights_cannot_have_one_file(store: WeightStore, source: Path) -> None:
    store.add(source, entry("a", file="same.onnx"))
    with pytest.raises(WeightsError, match=r"same\.onnx belongs to the weights a"):
        store.add(source, entry("b", file="same.onnx"))


def test_a_store_that_cannot_be_made_is_a_file_error(tmp_path: Path, source: Path) -> None:
    with pytest.raises(FileError, match="cannot make the weight store"):
        WeightStore(source / "store").add(source, entry())


def test_the_folder_is_the_setting_or_a_place_for_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_folder() == tmp_path / ".local/share/retouch/weights"
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert default_folder() == Path("/data/retouch/weights")
    monkeypatch.setenv("RETOUCH_WEIGHTS", "/weights")
    assert default_folder() == WeightStore().folder == Path("/weights")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_the_network_is_forbidden_by_a_setting(value: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_offline()
    monkeypatch.setenv("RETOUCH_OFFLINE", value)
    assert is_offline() is expected


class Server:
    """Stands in for the opener of https:// addresses and remembers what was asked."""

    def __init__(self, pages: dict[str, Any]) -> None:
        self.pages, self.asked = pages, list[str]()

    def open(self, address: str, timeout: float) -> io.BytesIO:
        """Give the page, or fail as a machine without a server does."""
        self.asked.append(address)
        page = self.pages.get(address)
        if page is None:
            raise urllib.error.URLError(OSError(111, "Connection refused"))
        return io.BytesIO(page)


def test_a_mirror_steps_in_where_the_first_address_fails(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server({"https://b.org/x": b"something else", "https://c.org/x": DATA})
    monkeypatch.setattr(transfer, "_opener", lambda: server)
    addresses = [f"https://{letter}.org/x" for letter in "abcd"]
    assert store.fetch(addresses, entry()).read_bytes() == DATA
    assert server.asked == addresses[:3]
    with pytest.raises(WeightsError, match=r"a\.org.*Connection refused; .*b\.org.*another file"):
        store.fetch(addresses[:2], entry("other"))
    assert names(store) == {MANIFEST, "dncnn.onnx"}


def test_offline_nothing_is_asked_of_the_network(
    store: WeightStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server({"https://a.org/x": DATA})
    monkeypatch.setattr(transfer, "_opener", lambda: server)
    with pytest.raises(WeightsError, match="RETOUCH_OFFLINE or --offline forbids the network"):
        store.fetch([source.as_uri(), "https://a.org/x"], entry(), offline=True)
    monkeypatch.setenv("RETOUCH_OFFLINE", "1")
    with pytest.raises(WeightsError, match="forbids the network"):
        store.fetch(["https://a.org/x"], entry())
    assert store.fetch([source.as_uri()], entry()).read_bytes() == DATA  # a file needs no network
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    ["http://a.org/x", "ftp://a.org/x", "data:,x", "weights.onnx", "", "file://server/x", "https://[", "HTTP://a"],
)
def test_addresses_of_other_kinds_are_refused(address: str, store: WeightStore) -> None:
    with pytest.raises(WeightsError, match="come from https:// or file:// addresses"):
        store.fetch([address], entry())
    assert names(store) == set()


def test_no_address_is_refused(store: WeightStore) -> None:
    with pytest.raises(WeightsError, match="name the address"):
        store.fetch([], entry())


def test_a_folder_is_no_file_to_fetch(store: WeightStore, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="it is not a file"):
        store.fetch([tmp_path.as_uri()], entry())


def test_a_server_that_sends_elsewhere_is_followed_to_https_only() -> None:
    follow = transfer._HttpsRedirects().redirect_request
    asked = urllib.request.Request("https://a.org/x")
    for place in ("http://a.org/x", "file:///etc/passwd"):
        with pytest.raises(WeightsError, match="which is not https://"):
            follow(asked, io.BytesIO(), 302, "Found", HTTPMessage(), place)


def test_only_https_can_be_opened_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib.request, "getproxies", dict)
    assert set(vars(transfer._opener())["handle_open"]) == {"https"}


def test_a_server_that_never_ends_is_cut_off(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "_opener", lambda: Server({"https://a.org/x": bytes(5000)}))
    monkeypatch.setattr(transfer, "_MOST_BYTES", 4000)
    with pytest.raises(WeightsError, match="are no weights"):
        store.fetch(["https://a.org/x"], entry())
    assert names(store) == set()
