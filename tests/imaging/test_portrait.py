"""Advice and crops, on one real portrait under changed light, blur, size and place."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.imaging import photos
from visitor.imaging.decoding import PhotoFault, PhotoRefused, decode_photo
from visitor.imaging.faces import FaceBox, FaceFinderMissing, face_finder
from visitor.imaging.portrait import USABLE, Advice, check_portrait, crop_portrait, prepare_portrait

Levels = NDArray[np.generic]


def astronaut() -> NDArray[np.float64]:
    return photos.astronaut().astype(np.float64)


def blurred(face_share: float) -> NDArray[np.float64]:
    return np.asarray(cv2.GaussianBlur(astronaut(), (0, 0), face_share * 97), np.float64)


def scaled(levels: Levels, factor: float) -> Levels:
    image = photos.picture(levels)
    return np.asarray(image.resize((round(image.width * factor), round(image.height * factor))))


def close_up() -> Levels:
    return scaled(photos.astronaut()[37:192, 148:303], 3)


def on_wall(face_picture: Levels, side: int) -> NDArray[np.uint8]:
    """Put a picture on the middle of a grey wall."""
    wall = np.full((side, side, 3), 130, np.uint8)
    height, width = face_picture.shape[:2]
    top, left = (side - height) // 2, (side - width) // 2
    wall[top : top + height, left : left + width] = face_picture
    return wall


def beside(share: float) -> Levels:
    """The portrait with a smaller copy of itself, its face that share of the first, at the right."""
    small = scaled(photos.astronaut(), share)
    return np.hstack([photos.astronaut(), on_wall(small, 512)])


CASES: list[tuple[str, Levels, Advice]] = [
    ("as it is", astronaut(), Advice.OK),
    ("four times the size", scaled(astronaut(), 4), Advice.OK),
    ("half the light", astronaut() * 0.5, Advice.OK),
    ("a third of the light", astronaut() * 0.33, Advice.OK),
    ("a quarter of the light", astronaut() * 0.25, Advice.TOO_DARK),
    ("a twentieth of the light, no face to be found", astronaut() * 0.05, Advice.TOO_DARK),
    ("1.3 times the light", astronaut() * 1.3, Advice.OK),
    ("1.5 times the light", astronaut() * 1.5, Advice.TOO_BRIGHT),
    ("3 times the light, no face to be found", astronaut() * 3, Advice.TOO_BRIGHT),
    ("blur of 1 % of the face", blurred(0.01), Advice.OK),
    ("blur of 2 % of the face", blurred(0.02), Advice.OK),
    ("blur of 4 % of the face", blurred(0.04), Advice.BLURRED),
    ("blur of 6 % of the face", blurred(0.06), Advice.BLURRED),
    ("the same, larger", scaled(blurred(0.06), 3), Advice.BLURRED),
    ("the same, noisy", blurred(0.06) + np.random.default_rng(1).normal(0, 6, (512, 512, 3)), Advice.BLURRED),
    ("two side by side", np.hstack([photos.astronaut()] * 2), Advice.SEVERAL_FACES),
    ("a second face of 60 %", beside(0.6), Advice.SEVERAL_FACES),
    ("few pixels", scaled(astronaut(), 0.5), Advice.TOO_FAR),
    ("small in a large room", on_wall(photos.astronaut(), 1200), Advice.TOO_FAR),
    ("face only", close_up(), Advice.TOO_CLOSE),
    ("at the right edge", np.roll(astronaut(), 230, axis=1), Advice.OFF_CENTRE),
    ("at the lower edge", np.roll(astronaut(), 330, axis=0), Advice.OFF_CENTRE),
    ("off centre and blurred: the worse is named", np.roll(blurred(0.06), 230, axis=1), Advice.BLURRED),
    ("coins", photos.sample("coins"), Advice.NO_FACE),
    ("a cup of coffee", photos.sample("coffee"), Advice.NO_FACE),
    ("a cat", photos.sample("chelsea"), Advice.NO_FACE),
    ("a landscape with a rocket", photos.sample("rocket"), Advice.NO_FACE),
    ("a page of text", photos.sample("page"), Advice.NO_FACE),
    ("covered lens", np.zeros((480, 640, 3)), Advice.TOO_DARK),
    ("lens in the sun", np.full((480, 640, 3), 255), Advice.TOO_BRIGHT),
]


@pytest.mark.parametrize(("levels", "advice"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_advice(levels: Levels, advice: Advice) -> None:
    assert check_portrait(photos.picture(levels)).advice is advice


def test_every_advice_is_in_the_table() -> None:
    assert {advice for _, _, advice in CASES} == set(Advice)


def test_somebody_far_behind_does_not_spoil_the_portrait() -> None:
    near = scaled(astronaut(), 1.8)[:600, :700]
    behind = on_wall(scaled(astronaut(), 0.62), 600)[:, 100:500]
    picture = photos.picture(np.hstack([near, behind]))
    assert len(face_finder().faces(picture)) > 1
    check = check_portrait(picture)
    assert check.advice in USABLE
    assert check.face is not None
    assert check.face.holds(225 * 1.8, 114 * 1.8)


@pytest.mark.parametrize("factor", [1, 2.5, 4])
def test_face_box_is_in_pixels_of_the_whole_picture(factor: float) -> None:
    face = check_portrait(photos.picture(scaled(astronaut(), factor))).face
    assert face is not None
    assert face.centre_px == pytest.approx((225 * factor, 114 * factor), abs=6 * factor)
    assert face.side_px == pytest.approx(97 * factor, rel=0.1)


@given(width=st.integers(1, 90), height=st.integers(1, 90))
@settings(deadline=None, max_examples=60)
def test_tiny_pictures_get_advice_too(width: int, height: int) -> None:
    assert check_portrait(Image.new("RGB", (width, height), "grey")).advice is Advice.NO_FACE


@pytest.mark.parametrize("size", [(1, 4000), (4000, 1), (4000, 30)])
def test_extreme_shapes_get_advice_too(size: tuple[int, int]) -> None:
    assert check_portrait(Image.new("RGB", size, "grey")).advice is Advice.NO_FACE


def test_threads_share_the_face_finder_and_agree() -> None:
    pictures = [photos.picture(astronaut()), photos.picture(photos.sample("coins"))] * 6
    with ThreadPoolExecutor(4) as pool:
        checks = list(pool.map(check_portrait, pictures))
    assert checks == checks[:2] * 6
    assert [check.advice for check in checks[:2]] == [Advice.OK, Advice.NO_FACE]


def test_cropped_portrait_shows_the_face_in_the_middle_at_a_third_of_the_height() -> None:
    picture = photos.picture(scaled(astronaut(), 2))
    cropped = crop_portrait(picture, check_portrait(picture).face)
    again = check_portrait(cropped).face
    assert cropped.size == (480, 600)
    assert again is not None
    assert again.centre_px == pytest.approx((240, 260), abs=20)
    assert again.side_px == pytest.approx(200, rel=0.1)


def test_crop_beyond_the_edge_repeats_the_edge_pixels() -> None:
    halves = Image.new("RGB", (100, 100), "red")
    halves.paste("blue", (50, 0, 100, 100))
    cropped = crop_portrait(halves, FaceBox(left_px=25, top_px=25, side_px=50), width_px=48, height_px=60)
    assert [cropped.getpixel(at) for at in ((0, 0), (0, 59), (47, 0), (47, 59))] == [
        (255, 0, 0),
        (255, 0, 0),
        (0, 0, 255),
        (0, 0, 255),
    ]


@given(
    size=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    place=st.tuples(st.integers(0, 59), st.integers(0, 59)),
    side=st.integers(1, 60),
    wanted=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
@settings(deadline=None)
def test_any_crop_has_the_size_asked_for_and_only_colours_of_the_picture(
    size: tuple[int, int], place: tuple[int, int], side: int, wanted: tuple[int, int]
) -> None:
    picture = Image.new("RGB", size, (10, 200, 30))
    face = FaceBox(min(place[0], size[0] - 1), min(place[1], size[1] - 1), min(side, *size))
    for chosen in (face, None):
        cropped = crop_portrait(picture, chosen, width_px=wanted[0], height_px=wanted[1])
        assert cropped.size == wanted
        assert cropped.getextrema() == ((10, 10), (200, 200), (30, 30))


def test_crop_without_a_face_takes_the_middle_undistorted() -> None:
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (150, 0, 170, 50))
    cropped = crop_portrait(wide, None)
    # The middle 80 x 100, six times enlarged: blue from 40 to 60 of 80, from 0 to 50 of 100.
    blueness = cropped.getchannel("B")
    reds, blues = [(230, 100), (370, 100), (300, 320)], [(255, 100), (345, 280)]
    assert [blueness.getpixel(at) for at in reds] == pytest.approx([0] * 3, abs=20)
    assert [blueness.getpixel(at) for at in blues] == pytest.approx([255] * 2, abs=20)


@pytest.mark.parametrize(("width", "height"), [(0, 600), (480, -1)])
def test_portrait_without_area_is_refused(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        crop_portrait(Image.new("RGB", (9, 9)), None, width_px=width, height_px=height)


@pytest.mark.parametrize(("levels", "advice"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_prepared_portrait_is_refused_by_its_advice_or_ready(levels: Levels, advice: Advice) -> None:
    body = photos.encoded(photos.picture(levels), "JPEG", quality=95)
    if advice in USABLE:
        ready = prepare_portrait(body)
        assert ready.advice is advice
        assert decode_photo(ready.jpeg).size == (480, 600)
    else:
        with pytest.raises(PhotoRefused) as refused:
            prepare_portrait(body)
        assert refused.value.reason.value == advice.value


def test_every_unusable_advice_has_its_fault() -> None:
    assert {advice.value for advice in set(Advice) - USABLE} <= {fault.value for fault in PhotoFault}


def test_bad_bytes_are_refused_before_faces_are_looked_for() -> None:
    with pytest.raises(PhotoRefused) as refused:
        prepare_portrait(b"not a photo")
    assert refused.value.reason is PhotoFault.NOT_A_PICTURE


@pytest.fixture
def opencv_without_cascades(monkeypatch: pytest.MonkeyPatch) -> object:
    """OpenCV as version 5 ships it."""
    monkeypatch.delattr(cv2, "CascadeClassifier")
    face_finder.cache_clear()
    yield
    face_finder.cache_clear()


@pytest.mark.usefixtures("opencv_without_cascades")
def test_opencv_without_cascades_says_so_and_photos_can_still_be_taken() -> None:
    body = photos.jpeg(photos.picture(astronaut()))
    with pytest.raises(FaceFinderMissing, match="CascadeClassifier"):
        prepare_portrait(body)
    plain = prepare_portrait(body, find_face=False)
    assert plain.advice is None
    assert decode_photo(plain.jpeg).size == (480, 600)


def test_missing_cascade_file_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visitor.imaging.faces.CASCADE", "none.xml")
    face_finder.cache_clear()
    with pytest.raises(FaceFinderMissing, match=r"none\.xml"):
        face_finder()
    face_finder.cache_clear()
