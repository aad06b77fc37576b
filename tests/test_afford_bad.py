"""Questions that nobody should ask, and those that a shape has no answer to."""

import numpy as np
import pytest
from test_afford import folder, segmenter  # noqa: F401 (fixtures)

from partwise import Segmenter, Shape
from partwise.cli import main
from partwise.datasets.procedural import ProceduralShapes, training_categories
from partwise.datasets.world.surface import Scan
from partwise.encoders.prompts import MAX_CHARACTERS
from partwise.encoders.text import find_minilm
from partwise.errors import InputError
from partwise.evaluate.heat import Offer, evaluate_heat, offer_auc, offer_rates

needs_minilm = pytest.mark.skipif(
    find_minilm() is None, reason="the MiniLM folder is not installed (make installs it)"
)


@pytest.fixture
def table(cloud):
    return Shape.of(cloud, up="y")


@pytest.mark.parametrize(
    ("phrases", "said"),
    [
        ([], "empty list"),
        ([""], "nothing is left"),
        (["  \n"], "nothing is left"),
        (["?!"], "nothing is left"),
        (["\N{FIRE}\N{TEACUP WITHOUT HANDLE}"], "nothing is left"),
        ("grasp", "one string"),
        (["grasp", "GRASP?"], "after cleaning"),
        (["where " * 200], f"at most {MAX_CHARACTERS}"),
    ],
)
def test_questions_without_words_or_end_are_refused(segmenter, table, phrases, said):  # noqa: F811
    with pytest.raises(InputError, match=said):
        segmenter.afford(table, phrases)


@needs_minilm
@pytest.mark.parametrize(
    "question",
    [
        "wo kann ich mich hinsetzen?",
        "どこを持てばいいですか",
        "Где можно взяться рукой?",
        "أين أمسك به؟",
        "where would you hold this " + "very " * 60 + "long thing",  # 340 characters, 72 tokens
        "どこを持てばいいですか" * 36,  # 396 characters, most of them a token of their own
        "grasp\x00\x07it",
    ],
)
def test_any_language_and_a_long_question_get_finite_heat(segmenter, table, question):  # noqa: F811
    maps = segmenter.afford(table, [question])
    assert maps.phrases == (question,)
    assert np.isfinite(maps.heat).all()
    assert 0 <= maps.heat.min() <= maps.heat.max() <= 1


def test_the_command_line_refuses_what_the_call_refuses(folder, cloud, tmp_path, capsys, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    np.save("table.npy", cloud)
    for phrase in ("", "?!", "x" * (MAX_CHARACTERS + 1)):
        assert main(["afford", "table.npy", phrase, "--model", str(folder)]) == 2
        assert "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.glob("table.heat*"))


def test_the_verdict_is_right_more_often_than_chance():
    """The shipped head on shapes of seeds that it never saw: actions that are there, and others that are surely not."""
    shipped = Segmenter.from_pretrained()
    assert shipped.head is not None
    samples = ProceduralShapes(900_001, training_categories()[::6], Scan(points=1024, kind="mixed"), 17)
    _, offers = evaluate_heat(shipped, samples)
    offered, absent = offer_rates(offers, shipped.head.offered_above)
    assert offer_auc(offers) > 0.85
    assert offered > 0.7
    assert absent > 0.7
    low = [offer.strength for offer in offers if not offer.offered]
    high = [offer.strength for offer in offers if offer.offered]
    assert np.median(low) < shipped.head.offered_above < np.median(high)


def test_rates_of_the_verdict():
    offers = [Offer("a", 0.9, True), Offer("b", 0.4, True), Offer("c", 0.6, False), Offer("d", 0.1, False)]
    assert offer_rates(offers, 0.5) == (0.5, 0.5)
    assert offer_rates(offers, 0.05) == (1.0, 0.0)


def test_an_action_that_is_not_offered_is_named_so(folder, cloud, tmp_path, capsys, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    np.save("table.npy", cloud)
    found = Segmenter.from_pretrained(folder)
    assert found.head is not None
    strength = found.afford(Shape.of(cloud, up="y"), ["grasp"]).strength[0]
    for above, said in ((float(strength) + 0.01, "not offered"), (float(strength) - 0.01, "offered ")):
        object.__setattr__(found.head, "offered_above", above)
        monkeypatch.setattr(Segmenter, "from_pretrained", lambda *a, **k: found)
        assert main(["afford", "table.npy", "grasp", "--up", "y", "--out", "x.json"]) == 0
        assert said in capsys.readouterr().out
