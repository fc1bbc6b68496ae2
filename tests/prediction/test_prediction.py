"""A person's pictures, what a network answers to them, and how it does on images of other kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageChops

from ablation.base.errors import UserError
from ablation.base.files import read_config
from ablation.composition.config import LayoutConfig
from ablation.composition.digits import Digits
from ablation.evaluation.metrics import wilson
from ablation.inputs import own
from ablation.prediction.elsewhere import calibration, judge, sides
from ablation.prediction.pictures import Picture, find, labels
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig
from tests.params import ROOT

Arm = Callable[..., ArmConfig]
SHIPPED = ROOT / "models/shipped"
SIDES = range(12, 41)
GREY = np.random.default_rng(0).integers(0, 256, (12, 16)).astype(np.uint8)


def read(path: Path, sides: range = SIDES) -> Picture:
    (picture,) = (load(sides) for load in find(path).values())
    return picture


def save(path: Path, kind: str) -> None:
    """GREY as a picture of that kind."""
    grey, wide = Image.fromarray(GREY), GREY.astype(np.uint16)
    if kind == "turned":
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6  # to be turned clockwise
        grey.rotate(90, expand=True).save(path, "PNG", exif=exif)
    elif kind == "frames":
        grey.save(path, "TIFF", save_all=True, append_images=[Image.fromarray(255 - GREY)])
    elif kind == "see-through":
        mask = Image.fromarray(np.zeros_like(GREY))
        Image.merge("LA", (mask, ImageChops.invert(grey))).save(path, "PNG")
    elif kind in ("16", "8 of 16"):
        Image.fromarray(wide * 257 if kind == "16" else wide).save(path, "PNG")
    elif kind == "float":
        Image.fromarray(GREY / np.float32(255)).save(path, "TIFF")
    else:
        grey.convert(kind).save(path, "TIFF" if kind == "CMYK" else "PNG")


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *((kind, None) for kind in ("L", "RGB", "RGBA", "P", "CMYK")),
        ("16", "uint16 0..65535 to 8 bit"),
        ("8 of 16", "uint16 0..255 to 8 bit"),
        ("float", "float32 0..1 to 8 bit"),
        ("frames", "first of 2 frames"),
        ("turned", "turned as its EXIF says"),
        ("see-through", "transparent: on black or white, whichever shows more"),
    ],
)
def test_a_picture_is_its_grey_whatever_its_kind(
    tmp_path: Path, kind: str, change: str | None
) -> None:
    save(tmp_path / "a.png", kind)  # misnamed, some of them
    picture = read(tmp_path / "a.png")
    assert (picture.name, picture.scale) == ("a.png", 1)
    np.testing.assert_array_equal(picture.grey, GREY)
    assert picture.changes == ([change] if change else [])


def test_a_picture_is_made_as_large_as_the_network_takes(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "a.png")
    smaller = read(tmp_path / "a.png", range(4, 9))
    assert (smaller.grey.shape, smaller.scale) == ((6, 8), 0.5)
    assert smaller.changes == ["scaled: 16 x 12 to 8 x 6 px"]
    padded = read(tmp_path / "a.png", range(16, 17))
    np.testing.assert_array_equal(padded.grey[:12], GREY)
    assert len(np.unique(padded.grey[12:])) == 1
    assert (padded.scale, padded.changes) == (1, ["padded: 16 x 12 px"])


def test_a_folder_gives_its_pictures_by_name_and_an_npz_by_number(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    for name in ("b.png", "a.PNG", "._a.png"):
        Image.fromarray(GREY).save(tmp_path / "some" / name, "PNG")
    (tmp_path / "some/note.txt").write_text("no picture")
    (tmp_path / "some/inner.png").mkdir()
    assert list(find(tmp_path / "some")) == ["a.PNG", "b.png"]
    np.savez(tmp_path / "own.npz", images=np.stack([GREY, 255 - GREY]))
    images = find(tmp_path / "own.npz")
    assert list(images) == ["own.npz[0]", "own.npz[1]"]
    np.testing.assert_array_equal(images["own.npz[1]"](SIDES).grey, 255 - GREY)


def test_what_is_no_picture_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own, "MOST_BYTES", 10_000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300)  # Pillow warns, and refuses twice as many
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "bad.npz").write_bytes(b"PK garbage")
    Image.fromarray(GREY).save(tmp_path / "half.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "half.png").read_bytes()[:-60])
    Image.new("1", (20, 20)).save(tmp_path / "bomb.png")
    np.savez(tmp_path / "other.npz", pictures=GREY)
    np.savez(tmp_path / "flat.npz", images=GREY)
    np.savez_compressed(tmp_path / "bomb.npz", images=np.zeros((100, 12, 12), np.uint8))
    for name, told in {
        "absent.png": "is not there",
        "empty": "holds no picture",
        "text.png": "is no picture that can be read; allowed: .png, .jpg",
        "half.png": "is no picture that can be read",
        "bomb.png": "is no picture that can be read: Image size",
        "bad.npz": "has no array `images`",
        "other.npz": "has no array `images`",
        "flat.npz": "has the shape",
        "bomb.npz": "allowed: 0 GB",
    }.items():
        with pytest.raises(UserError, match=told) as error:
            read(tmp_path / name)
        assert "\n" not in str(error.value)
        assert name in str(error.value)


def test_labels_are_an_npz_s_own_or_a_table_s(tmp_path: Path) -> None:
    path, table, names = tmp_path / "own.npz", tmp_path / "own.csv", ["own.npz[0]", "own.npz[1]"]
    np.savez(path, images=np.stack([GREY, GREY]), labels=[3, 9])
    assert labels(path, None, names) == dict(zip(names, (3, 9), strict=True))
    table.write_bytes(b'\xef\xbb\xbffile,label\r\n"own.npz[1]", 4\r\n\r\nc.png,5\r\n')
    assert labels(path, table, names) == {"own.npz[1]": 4, "c.png": 5}
    for text in ("own.npz[1],4", " File; Label\nsome\\own.npz[1];4\n;\n", "a/own.npz[1]\t4\n"):
        table.write_text(text)
        assert labels(path, table, names) == {"own.npz[1]": 4}
    assert labels(tmp_path, None, ["a.png"]) == {}
    for text, told in {
        "name,label\na.png,1\n": "name,label; allowed: the header file,label",
        "": "names no picture of",
        "file,label\nown.npz[0],10\n": r"\],10; allowed",
        "file,label\nown.npz[0],\n": r"0\],; allowed",
        "file,label\nown.npz[0]\n": r"npz\[0\]; allowed",
        "file,label\nown.npz[0],1\nown.npz[0],2\n": "once",
        "file,label\nb.png,1\n": r"names no picture of .*own.npz, such as own.npz\[0\]",
    }.items():
        table.write_text(text)
        with pytest.raises(UserError, match=told):
            labels(path, table, names)
    np.savez(path, images=np.stack([GREY, GREY]), labels=[3])
    with pytest.raises(UserError, match="2 images and 1 labels"):
        labels(path, None, names)


def test_a_digit_is_seen_where_its_evidence_is_highest() -> None:
    from ablation.prediction.answers import Sight, sights

    evidence = np.full((4, 2, 10), -5.0, np.float32)
    evidence[3, 1, 7] = 0.0  # as likely as not
    evidence[0, 0, 2] = np.log(3)
    evidence[2, 1, 4] = -0.01
    evidence[0, 0, 9] = 1e5  # beyond an exponential
    assert sights(evidence, 16, 8) == [
        Sight(2, pytest.approx(0.75), 2.0, 2.0),
        Sight(7, 0.5, 14.0, 6.0),
        Sight(9, 1.0, 2.0, 2.0),
    ]
    assert [sight.digit for sight in sights(evidence, 16, 8, smallest=8)] == [9]


@pytest.mark.parametrize("head", ["largest", "dense"])
def test_an_answer_is_the_network_s_own(head: str, tiny_arm: Arm) -> None:
    from ablation.networks import architectures
    from ablation.prediction.answers import Network

    arm = tiny_arm({"model": {"head": head, "dense": [12] if head == "dense" else []}})
    assert sides(arm) == (range(12, 13) if head == "dense" else range(12, 1025))
    model = architectures.build(arm, 0, None)
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 12)).astype(np.uint8)
    images[:, 0, :2] = 0, 255
    given = Network(model, len(sides(arm)) > 1).answers(images)
    shown = [
        255 - image if each.changes else image for image, each in zip(images, given, strict=True)
    ]
    said = model.predict(np.stack(shown), verbose=0).argmax(1).tolist()
    assert [answer.digit for answer in given] == said
    assert all(1 / 10 <= answer.probability <= 1 for answer in given)
    assert head == "largest" or not any(answer.seen or answer.changes for answer in given)
    # The loss asks nothing of the evidence of smaller digits.
    assert all(sight.digit >= answer.digit for answer in given for sight in answer.seen)


def test_a_network_trained_in_bfloat16_answers_in_float32(tiny_arm: Arm) -> None:
    from ablation.networks import architectures
    from ablation.prediction.answers import Network

    images = np.random.default_rng(0).integers(0, 256, (5, 12, 12)).astype(np.uint8)
    given = []
    for precision in ("float32", "mixed_bfloat16"):
        arm = tiny_arm({"precision": precision, "model": {"head": "largest", "dense": []}})
        given.append(Network(architectures.build(arm, 0, None), True).probabilities(images))
    np.testing.assert_array_equal(*given)


def test_the_shipped_network_answers_whatever_the_size_the_ground_and_the_contrast() -> None:
    from ablation.prediction.answers import Network

    arm = read_config(SHIPPED / "arm.yaml", ArmConfig)
    network = Network.load(SHIPPED / "network.keras", arm)
    picture = Image.open(ROOT / "docs/digits.png")
    (answer,) = network.answers(np.asarray(picture)[None])
    assert f"# digits.png  {answer}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    size = picture.width, picture.height
    for factor, inverted in ((1, True), (0.5, False), (2, True)):
        grey = np.asarray(picture.resize((round(size[0] * factor), round(size[1] * factor))))
        (answer,) = network.answers((255 - grey if inverted else grey)[None])
        assert answer.digit == 5
        assert [change.partition(":")[0] for change in answer.changes] == [
            *(["inverted"] if inverted else []),
            *([f"digits of about {28 * factor:.0f} px"] if factor != 1 else []),
        ]
        # The place is on the tile of the 5, which has its middle at (37, 72).
        (place,) = answer.seen
        assert (place.left, place.top) == pytest.approx((37 * factor, 72 * factor), abs=14 * factor)
    # Inverted, this one surely shows a 1, with little evidence.
    turned = picture.rotate(20, Image.Resampling.BICUBIC, fillcolor=90)
    (answer,) = network.answers(np.asarray(turned.resize((58, 58), Image.Resampling.LANCZOS))[None])
    assert answer.digit == 5
    dim = np.asarray(picture) // 4 + 60
    for grey, inverted in ((dim, []), (255 - dim, ["inverted: dark digits on a light ground"])):
        (answer,) = network.answers(grey[None])
        told = f"contrast: {grey.min()}..{grey.max()} to 0..255"
        assert (answer.digit, answer.changes) == (5, [told, *inverted])
    wide = np.asarray(picture)[30:100]
    (answer,) = network.answers(wide[None], scale=0.5)
    assert answer.digit == 5
    assert (answer.seen[0].left, answer.seen[0].top) == pytest.approx((74, 84), abs=28)


def test_elsewhere_is_the_share_of_right_answers_on_other_images(
    resolved: Callable[[str], Resolved],
) -> None:
    data = resolved("smoke").data
    layout = LayoutConfig(**{key: getattr(data, key) for key in LayoutConfig.model_fields})
    digits = Digits(np.full((10, 28, 28), 200, np.uint8), np.full(10, 7, np.uint8))
    seen: list[np.ndarray] = []

    def say(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        return np.eye(10)[[7, 7, 7, 7, 7, 7, 1, 1]] * 0.6

    ours, other = judge(say, layout, digits, 96, 8, 1)
    assert [images.shape for images in seen] == [(8, 96, 96)] * 2
    assert not np.array_equal(*seen)
    assert (ours["side"], ours["other_pictures"], other["other_pictures"]) == (96, False, True)
    assert ours["accuracy"] == 0.75
    assert (ours["low"], ours["high"]) == wilson(6, 8)
    assert set(ours["families"]) <= set(layout.backgrounds)
    assert ours["labels"] == {"7": {"images": 8, "accuracy": 0.75}}
    assert ours["calibration"] == [{"images": 8, "probability": 0.6, "accuracy": 0.75}]


def test_calibration_is_accuracy_by_how_sure_the_answers_are() -> None:
    sure = np.array([0.4, 0.96, 0.98, 0.99, 1.0])
    right = np.array([False, True, False, True, True])
    assert calibration(sure, right) == [
        {"images": 1, "probability": 0.4, "accuracy": 0.0},
        {"images": 2, "probability": pytest.approx(0.97), "accuracy": 0.5},
        {"images": 2, "probability": pytest.approx(0.995), "accuracy": 1.0},
    ]
