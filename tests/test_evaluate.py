"""The evaluation asks the user's own Segmenter and scores it as stated."""

import numpy as np
import pytest
from test_train import table

from partwise import Segmenter
from partwise.errors import InputError
from partwise.evaluate.conditions import CONDITIONS, Condition, conditioned
from partwise.evaluate.parts import evaluate_parts, iou_of, mean_scores


def test_iou_by_hand():
    found, truth = np.array([0, 0, 1, 1, -1]), np.array([0, 1, 1, 1, 0])
    assert iou_of(found, truth, 2).tolist() == pytest.approx([1 / 3, 2 / 3])


def test_scores_of_known_answers(segmenter):
    class Oracle(Segmenter):
        def segment(self, shape, phrases, **options):
            answer = super().segment(shape, phrases, seed=0)
            right = phrases.index("table top"), phrases.index("leg")
            labels = np.where(shape.points[:, 1] > 0.69, *right).astype(np.int32)
            answer.__dict__["labels"] = labels  # a cached property: this is what reading it finds
            return answer

    oracle = Oracle(segmenter.model, segmenter.embedder, segmenter.config)
    samples = [table(i) for i in range(3)]
    scores = evaluate_parts(oracle, samples, Condition())
    assert mean_scores(scores).instance > 0.95  # a few leg points lie as high as the top
    assert scores[0].largest == pytest.approx(0.25)
    assert mean_scores(scores).by_category.keys() == {"table"}


def test_the_same_seed_gives_the_same_scores(segmenter):
    samples = [table(i) for i in range(2)]
    for condition in (Condition("turned", rotation="full"), Condition("noisy", noise=0.02, points=300)):
        first, again = (evaluate_parts(segmenter, samples, condition, seed=3) for _ in range(2))
        assert [s.iou for s in first] == [s.iou for s in again]


def test_conditions_do_what_they_say():
    sample, rng = table(0), np.random.default_rng(0)
    for condition in CONDITIONS[:3]:
        points, labels = conditioned(sample.points, sample.labels, condition, rng)
        assert np.allclose(np.linalg.norm(points, axis=1), np.linalg.norm(sample.points, axis=1), atol=1e-4)
        assert np.array_equal(labels, sample.labels)
    points, labels = conditioned(sample.points, sample.labels, Condition(points=200), rng)
    assert points.shape == (200, 3)
    assert len(conditioned(sample.points, sample.labels, Condition(one_sided=True), rng)[0]) < 1024
    with pytest.raises(InputError, match="takes 5000 points"):
        conditioned(sample.points, sample.labels, Condition(points=5000), rng)


def test_nothing_to_score_is_an_error():
    with pytest.raises(InputError, match="no shape"):
        mean_scores([])
