"""A person's pictures, what a network answers to them, and how it does on images of other kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ablation.base.errors import UserError
from ablation.composition.config import LayoutConfig
from ablation.composition.digits import Digits
from ablation.evaluation.metrics import wilson
from ablation.prediction.elsewhere import judge, sides
from ablation.prediction.pictures import read
from ablation.study.resolution import Resolved
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]
SIDES = range(12, 13)
GREY = np.random.default_rng(0).integers(0, 256, (12, 12)).astype(np.uint8)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "I;16"])
def test_a_picture_is_its_grey_whatever_its_kind(tmp_path: Path, mode: str) -> None:
    deep = mode == "I;16"
    picture = Image.fromarray(GREY.astype(np.uint16) * 257 if deep else GREY)
    (picture if deep else picture.convert(mode)).save(tmp_path / "a.png")
    ((name, image),) = read(tmp_path / "a.png", SIDES).items()
    assert name == "a.png"
    np.testing.assert_array_equal(image, GREY)


def test_a_folder_gives_its_pictures_by_name_and_an_npz_by_number(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    for name in ("b.png", "a.PNG"):
        Image.fromarray(GREY).save(tmp_path / "some" / name, "PNG")
    (tmp_path / "some/note.txt").write_text("no picture")
    assert list(read(tmp_path / "some", SIDES)) == ["a.PNG", "b.png"]
    np.savez(tmp_path / "own.npz", images=np.stack([GREY, 255 - GREY]))
    images = read(tmp_path / "own.npz", SIDES)
    assert list(images) == ["own.npz[0]", "own.npz[1]"]
    np.testing.assert_array_equal(images["own.npz[1]"], 255 - GREY)


def test_what_a_network_cannot_take_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "bad.npz").write_bytes(b"PK garbage")
    Image.fromarray(GREY[:, :10]).save(tmp_path / "wide.png")
    Image.fromarray(GREY).save(tmp_path / "half.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "half.png").read_bytes()[:-60])
    np.savez(tmp_path / "other.npz", pictures=GREY)
    np.savez(tmp_path / "float.npz", images=GREY[None].astype(np.float32))
    for name, told in {
        "absent.png": "is not there",
        "empty": "holds no picture",
        "text.png": "is no picture that can be read",
        "half.png": "is no picture that can be read",
        "wide.png": "has 10 x 12 px; the network takes 12 x 12",
        "bad.npz": "has no array `images`",
        "other.npz": "has no array `images`",
        "float.npz": "is float32",
    }.items():
        with pytest.raises(UserError, match=told) as error:
            read(tmp_path / name, SIDES)
        assert "\n" not in str(error.value)
        assert name in str(error.value)


def test_a_digit_is_seen_where_its_evidence_is_highest() -> None:
    from ablation.prediction.answers import Sight, sights

    evidence = np.full((4, 2, 10), -5.0, np.float32)
    evidence[3, 1, 7] = 0.0  # as likely as not
    evidence[0, 0, 2] = np.log(3)
    evidence[2, 1, 4] = -0.01
    evidence[0, 0, 9] = 1e5  # beyond an exponential
    assert sights(evidence, 16) == [
        Sight(2, pytest.approx(0.75), 2.0, 4.0),
        Sight(7, 0.5, 14.0, 12.0),
        Sight(9, 1.0, 2.0, 4.0),
    ]
    assert [sight.digit for sight in sights(evidence, 16, smallest=8)] == [9]


@pytest.mark.parametrize("head", ["largest", "dense"])
def test_an_answer_is_the_network_s_own(head: str, tiny_arm: Arm) -> None:
    from ablation.networks import architectures
    from ablation.prediction.answers import answers

    arm = tiny_arm({"model": {"head": head, "dense": [12] if head == "dense" else []}})
    assert sides(arm) == (range(12, 13) if head == "dense" else range(12, 1025))
    model = architectures.build(arm, 0, None)
    images = np.random.default_rng(0).integers(0, 256, (5, 12, 12)).astype(np.uint8)
    given = list(answers(model, images))
    assert [answer.digit for answer in given] == model.predict(images, verbose=0).argmax(1).tolist()
    assert all(1 / 10 <= answer.probability <= 1 for answer in given)
    assert head == "largest" or not any(answer.seen for answer in given)
    # The loss asks nothing of the evidence of smaller digits.
    assert all(sight.digit >= answer.digit for answer in given for sight in answer.seen)


def test_elsewhere_is_the_share_of_right_answers_on_other_images(
    resolved: Callable[[str], Resolved],
) -> None:
    data = resolved("smoke").data
    layout = LayoutConfig(**{key: getattr(data, key) for key in LayoutConfig.model_fields})
    digits = Digits(np.full((10, 28, 28), 200, np.uint8), np.full(10, 7, np.uint8))
    seen: list[np.ndarray] = []

    def say(images: np.ndarray) -> np.ndarray:
        seen.append(images)
        return np.array([7, 7, 7, 7, 7, 7, 1, 1], np.uint8)

    own, other = judge(say, layout, digits, 96, 8, 1)
    assert [images.shape for images in seen] == [(8, 96, 96)] * 2
    assert not np.array_equal(*seen)
    assert (own["side"], own["other_pictures"], other["other_pictures"]) == (96, False, True)
    assert own["accuracy"] == 0.75
    assert (own["low"], own["high"]) == wilson(6, 8)
    assert set(own["families"]) <= set(layout.backgrounds)
