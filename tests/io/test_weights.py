"""Weights from files: what is read, and that nothing else than reading happens."""

from __future__ import annotations

import base64
import io
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from safetensors.numpy import save_file

from retouch.errors import MissingExtraError, WeightsError
from retouch.io.weights import extras
from retouch.io.weights.state_dicts import file_sha256, read_state_dict
from retouch.io.weights.torch_files import LEGACY_MAGIC

HEADS = Path(__file__).parents[3] / "shared" / "data" / "models" / "lpips-linear-v0.1"

# What torch 2.13.0 wrote for one state dict: as a zip archive, and with _use_new_zipfile_serialization=False.
ZIP = (
    "c-oznO^@4D6o#+u#K|}<%+NqnpyeAf(0ZKjq-vSU8q5eIF%3eBx`~{`6I*!V9Q&pfNJt~K8K__Z`~cJi{{RW-0*N2c4V$jI>!M=Cf(=XVy-qx~"
    "XC?z<#fg&K_jzAmpL4vW3n_%MS#;o#PyzXC0|OiK_)|wy^XSGQ$1dORyN+Y_vF(n0=_7Aodgfrm?qdniY8$v>hq4X%mT3<y416EEUf+_t6Kp%a"
    ")b-5X#C8T<Y>s@_>)tF&AQX$84AJ;xr7<)i6-Xq_aSi-"
    "&@S_Cj4oB7~Aa(@u*&k0Jql*}_*L9@xy08aJx}bA=Al<cSjvR(lZ8*)qJ=u5cz6noR#LAlEHw|Yyq(9B*C0MpHx`binx}MTgQ+P(_rf?=8<}p0"
    "mhUYq`sJ)CmW8{xr-yFc%0BfZ!(PEhjG?Sq7dvH$YXtd`8!V4H)Y{Pk$X(0FA$q2)RSf&r%(J;*P63bMEmkE`_@Cu=>t_Gx6F}&7>*E>0~z?8>"
    "^XY82R^x%ynb~{`l!J9F|4R_LW%+T^JW?6wEvE(tVvdx{s+jJY=39K(-xYP#uEB0mWOHkTSVpp^+Z#%}&hjPq7bzLXKR~WtuRe~2V)Yv{vp-"
    "%CQ0N=#WYQyD;yrpNd=l}loip?WL&#fa1cZC(MyzP2B2JYT8J)e~3QT1D*++Y5Bbekrj=h56ex=OjTvg{g;Jsj<rBdn>dL(%`~s8?x#^;_^Kxh"
    "BLf43I-"
    "<5}@}PHeK3gn#!RYj*YQnQpWV^<8vZeB`#!SQEJxJYl^1Mf8AXtZ`a6+oV(<_ca0Lye*5IR0{NqG46!^XmNZrVpIboySBSHUHqd)WL+_)_-"
    "A(Fk_3r$fXPds*yFT|WYijufw;?klQP1(iCvKKe7kjF6&x)qLd-"
    "7X9zkYK3vp$3WPIG+y!Gq~C`LcXWj?42LRZXp*Fb9V?YWdUcJ9p_E6&6}9k>c{#!j9sJXGNm&KYkc~a(w+3P?I(gi|m`8O*-"
    "gvgFZL9_CQmsC%OVfsntp?rPQod%1WiyQX0*M(rC0AO0%gnORY+?)vDBLb(-"
    "?QH>ZCqk{m^rlH=Jf&T>Xai*z9Q{&O&?i;j+!nC3o@4vwLuJlgpA_!JY+q0=Twh_-"
    "z$M);l)!f}xlM!P$HvmOd4oDoS?v@heTVk%UXlB#HD#Z^D<tIA1Lv=8E{LON7clB#Ga$5r?CRn?>_TER;()fo}(7kyF|EvZ6G)@HK9i+xKM#f!"
    "6b7lccZ0U!VTf}f2CaXzF(Hm@eLgu(MFEe4t#TOX|b7Zd#k1^"
)
LEGACY = (
    "c-nQ7*>2N76hOyIlHx9uowAlaVKHs$#ttA+Ri#uKwwf2epvZNmv61oQ+T$XSD&-}i@C`ih$Y=07`~gTjaBY{ApkR4y&-"
    "mUs$8*O$`I8p@`n>*g{`J=vb9zsH`dz{6E|97-O9<)4TyT$vtsNF80gph!0B0KCgn<wtYq6*uxDm*Ej)sHcU6-"
    "|z;5|z~*#))glyETdc`TqrWk<nY5D6$#)lsuKc+`OkRnrui9%4e~38W<2^SI4o)?N!dp#iDcAXS|S%y9L$Ea><GWKZze^YvCLf-uoqG22Rmu-y"
    "_YN_gDbscWEAt4<~3W2D<*pcX0GddOYzvKZ8$<ji19)3B_@qGi;ZmT4JK&Q-"
    "l`igx8^0wy*op)yqlaEK~Y8i4lE&#Wc|OxZA<W481p3_J!iK7#!}unjld9<mM}uojwTbFsOMtXaQ8HDnywq$*YWaFj}YI9AMmT)+t%PC8SWjV@"
    "w0O1eB@Z8%jx{IT|@{la=KvsS1)fHPFe<j)qfo)d81h6}lMTlaX1CAm0a{R9g$w4NWaHqAzTxdE4uAtB>3GHSJA-YWvG+HlR8#Bio}-"
    "PnD@1dHMNe`+<1(BQ@hevPMFAsY%*M+7X>FqZ02Ljf5DZsw)w!>w%DZWkhV1n4&0-"
    "OD=*A7Igjdj7TB`gZ7c5?C6+t#Td?Va7i&vtd}Uj4%aZjeJG>U}i9@fHei&v*CWWg<oaA&6vfK#(jW14y26RA?mmymzXY*;;8K3W%Bp&<Kh0pH"
    ")a1pB9eCS{sCDbt7MHlBJ1Qa+30PQN78#)`U;-ddf2|K{01Ps3*-"
)
FILES = {name: zlib.decompress(base64.b85decode(text)) for name, text in (("zip", ZIP), ("legacy", LEGACY))}


def write(folder: Path, data: bytes) -> Path:
    path = folder / "weights.pth"
    path.write_bytes(data)
    return path


def zip_of(pickled: bytes, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip archive as torch writes it, with another pickle in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled)
    return buffer.getvalue()


def legacy_of(pickled: bytes) -> bytes:
    """Return a file of before torch 1.6, with another pickle in it."""
    head = (LEGACY_MAGIC, 1001, {"little_endian": True})
    return b"".join(pickle.dumps(item, 2) for item in head) + pickled + pickle.dumps([], 2)


class Hostile:
    """Runs a command when it is unpickled by something that trusts it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("kind", FILES)
def test_what_torch_saved_is_read_as_it_was(kind: str, tmp_path: Path) -> None:
    arrays = read_state_dict(write(tmp_path, FILES[kind]))
    expected = {
        "a.weight": np.array([[0, 1, 2], [3, 4, 5]], np.float32),
        "b.slice": np.array([4, 5, 6, 7], np.float16),  # four numbers from the middle of a storage of ten
        "c.transposed": np.array([[0, 3], [1, 4], [2, 5]], np.float32),  # the storage of a.weight, other strides
        "d.count": np.array(7, np.int64),
        "e.parameter": np.array([1.5, -2.0]),
        "f.flags": np.array([True, False, True]),
    }
    assert list(arrays) == list(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_safetensors_are_read_as_they_were(tmp_path: Path) -> None:
    saved: dict[str, np.ndarray] = {
        "x": np.arange(6, dtype=np.float16).reshape(2, 3),
        "y.z": np.array([1.5], np.float64),
    }
    save_file(saved, tmp_path / "weights.bin")  # the name says nothing: kinds are told by content
    arrays = read_state_dict(tmp_path / "weights.bin")
    assert sorted(arrays) == ["x", "y.z"]
    for name, array in saved.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_safetensors_that_begin_like_a_pickle_are_told_from_one(tmp_path: Path) -> None:
    # A file begins with the length of its header; 128 is 0x80, with which every pickle of torch begins.
    header = b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.ljust(128)
    path = write(tmp_path, struct.pack("<Q", 128) + header + struct.pack("<f", 2.5))
    assert read_state_dict(path)["x"].tolist() == [2.5]


def test_keras_weights_are_read_by_their_path_in_the_file(tmp_path: Path) -> None:
    kernel = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file["block1/layers/conv2d/vars/0"] = kernel
        file.create_group("block1/vars")
    arrays = read_state_dict(tmp_path / "a.weights.h5")
    assert list(arrays) == ["block1/layers/conv2d/vars/0"]
    np.testing.assert_array_equal(arrays["block1/layers/conv2d/vars/0"], kernel, strict=True)


def test_a_prefix_is_taken_off_only_where_asked_and_where_all_have_it(tmp_path: Path) -> None:
    save_file({"module.a": np.zeros(1), "module.b": np.zeros(1)}, tmp_path / "all")
    save_file({"module.a": np.zeros(1), "b": np.zeros(1)}, tmp_path / "some")
    assert list(read_state_dict(tmp_path / "all")) == ["module.a", "module.b"]
    assert list(read_state_dict(tmp_path / "all", strip_prefix="module.")) == ["a", "b"]
    assert list(read_state_dict(tmp_path / "some", strip_prefix="module.")) == ["b", "module.a"]


@pytest.mark.parametrize("wrap", [zip_of, legacy_of])
def test_a_hostile_pickle_is_refused_and_not_run(wrap: Any, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = write(tmp_path, wrap(pickle.dumps({"a": Hostile(trace)}, 2)))
    with pytest.raises(WeightsError, match=r"system to be run or built, which is refused"):
        read_state_dict(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    "name", ["builtins eval", "os system", "torch load", "torch._utils _import_dotted_name", "collections namedtuple"]
)
def test_names_that_tensors_do_not_need_are_refused(name: str, tmp_path: Path) -> None:
    asked = b"c" + name.replace(" ", "\n").encode() + b"\n"  # the pickle operation that fetches a name
    path = write(tmp_path, zip_of(b"\x80\x02" + asked + b"."))
    with pytest.raises(WeightsError, match=f"asks for {name.replace(' ', '.')} to be run or built, which is refused"):
        read_state_dict(path)


def test_numbers_that_numpy_does_not_have_are_named(tmp_path: Path) -> None:
    path = write(tmp_path, zip_of(b"\x80\x02ctorch\nBFloat16Storage\n."))
    with pytest.raises(WeightsError, match="of a kind that is not read, BFloat16Storage; save them as float32"):
        read_state_dict(path)


@pytest.mark.parametrize("state", [{"epoch": 3}, [1, 2], {"state_dict": {}}, {1: {}}, {"a": {"b": {"c": 1}}}])
def test_a_checkpoint_that_is_no_flat_state_dict_is_refused(state: Any, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="must be a flat dictionary of tensors"):
        read_state_dict(write(tmp_path, zip_of(pickle.dumps(state, 2))))


SHAPE, STRIDES = b"K\x02K\x03\x86", b"K\x03K\x01\x86"  # (2, 3) and (3, 1) in the pickle of a.weight


@pytest.mark.parametrize(
    ("old", "new"),
    [(SHAPE, b"K\x02K\xff\x86"), (STRIDES, b"K\x04K\x01\x86"), (STRIDES, b"K\x03J\xff\xff\xff\xff\x86")],
    ids=["more numbers than there are", "a stride beyond the end", "a stride before the start"],
)
def test_a_shape_that_its_storage_does_not_hold_is_refused(old: bytes, new: bytes, tmp_path: Path) -> None:
    assert FILES["legacy"].count(old) >= 1
    with pytest.raises(WeightsError, match=r"looks beyond its storage|which cannot be"):
        read_state_dict(write(tmp_path, FILES["legacy"].replace(old, new, 1)))


def test_a_storage_that_claims_more_than_the_file_has_is_refused(tmp_path: Path) -> None:
    # The first storage of a.weight: its length, 6, stands as 8 bytes before its numbers, which begin with 0 and 1.
    length = struct.pack("<q", 6) + struct.pack("<2f", 0, 1)
    assert FILES["legacy"].count(length) == 1
    path = write(tmp_path, FILES["legacy"].replace(length, struct.pack("<q", 2**40) + length[8:]))
    with pytest.raises(WeightsError, match="is said to hold 6 numbers and holds 1099511627776"):
        read_state_dict(path)


def test_a_compressed_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="packed again by another program"):
        read_state_dict(write(tmp_path, zip_of(pickle.dumps({}, 2), zipfile.ZIP_DEFLATED)))


def damaged_files(tmp_path: Path) -> dict[str, bytes]:
    save_file({"x": np.arange(50, dtype=np.float32)}, tmp_path / "safe")
    with h5py.File(tmp_path / "keras", "w") as file:
        file["x"] = np.arange(50, dtype=np.float32)
    return FILES | {name: (tmp_path / name).read_bytes() for name in ("safe", "keras")}


@pytest.mark.parametrize("kind", ["zip", "legacy", "safe", "keras"])
def test_a_file_cut_short_anywhere_is_one_error_in_one_line(kind: str, tmp_path: Path) -> None:
    data = damaged_files(tmp_path)[kind]
    for length in range(0, len(data), max(len(data) // 40, 1)):
        path = write(tmp_path, data[:length])
        with pytest.raises(WeightsError, match=r"weights\.pth") as caught:
            read_state_dict(path)
        assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_file_of_another_kind_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"cannot read the weights .*gone\.pth: No such file or directory"):
        read_state_dict(tmp_path / "gone.pth")
    with pytest.raises(WeightsError, match=r"weights\.pth: it is neither a state dict of torch"):
        read_state_dict(write(tmp_path, b"GIF89a and so on"))


def test_the_hash_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    # the test vector of FIPS 180-2 for "abc"
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(write(tmp_path, b"abc")) == expected
    with pytest.raises(WeightsError, match=r"cannot read the weights .*gone"):
        file_sha256(tmp_path / "gone")


def test_a_missing_package_comes_with_its_install_line() -> None:
    with pytest.raises(MissingExtraError, match=r"no_such_wheel, which is not installed; run: pip install it"):
        extras.file_in_package("no_such_wheel", "weights.h5", "pip install it")
    with pytest.raises(MissingExtraError, match=r"the package retouch, which is not installed"):
        extras.file_in_package("retouch", "no/such/file", "pip install it")


@pytest.mark.shared
@pytest.mark.skipif(not HEADS.exists(), reason=f"{HEADS} is not there")
@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("alex", [64, 192, 384, 256, 256]),
        ("vgg", [64, 128, 256, 512, 512]),
        ("squeeze", [64, 128, 256, 384, 384, 512, 512]),
    ],
)
def test_the_published_heads_of_lpips_are_read(name: str, channels: list[int]) -> None:
    """They are in the legacy format and were saved on a GPU; their weights are not negative by construction."""
    arrays = read_state_dict(HEADS / f"{name}.pth")
    assert [array.shape for array in arrays.values()] == [(1, n, 1, 1) for n in channels]
    assert list(arrays) == [f"lin{layer}.model.1.weight" for layer in range(len(channels))]
    assert min(float(array.min()) for array in arrays.values()) >= 0
