"""Cleaning and templates: the table of spellings, the order of prompts, the phrases that are refused."""

import subprocess
import sys
import unicodedata

import pytest

from partwise.encoders.prompts import MAX_CHARACTERS, TEMPLATES, clean, clean_phrases, prompts
from partwise.errors import InputError


@pytest.mark.parametrize(
    ("phrase", "cleaned"),
    [
        ("Chair", "chair"),
        ("  chair  ", "chair"),
        ("chair\tleg\n", "chair leg"),
        ("wrap_grasp", "wrap grasp"),
        ("displaY", "display"),
        ("engine/frame", "engine frame"),
        ("the mug's handle!", "the mug s handle"),
        ("snap-fit clip", "snap fit clip"),
        ("a,b;c  (d)", "a b c d"),
        ("where to grasp?", "where to grasp"),
        ("{}", ""),
        ("___", ""),
        ("6.35mm jack", "6 35mm jack"),
        ("chaise à bascule", "chaise à bascule"),
        ("ÉTAGÈRE", "étagère"),
        ("椅子的腿", "椅子的腿"),
        ("ручка_кружки", "ручка кружки"),
    ],
)
def test_clean_table(phrase, cleaned):
    assert clean(phrase) == cleaned
    assert clean(cleaned) == cleaned


def test_an_accent_typed_as_two_code_points_is_the_same_word():
    assert clean(unicodedata.normalize("NFD", "chaise à bascule")) == "chaise à bascule"


def test_template_sets_are_the_published_ones_in_order():
    assert prompts("Leg") == ["leg", "a leg", "leg part"]
    assert prompts("leg", "plain") == ["leg"]
    with_category = prompts("leg", "part_plus_cat", "Chair")
    assert with_category == [
        "a leg of a chair",
        "the leg of a chair",
        "leg of chair",
        "a leg part of a chair",
    ]
    assert prompts("leg", "ensemble", "chair") == prompts("leg") + with_category
    assert list(TEMPLATES) == ["plain", "part_only", "part_plus_cat", "ensemble"]


def test_braces_in_a_phrase_cannot_reach_the_template():
    assert prompts("{0.__class__}", "plain") == ["0 class"]


@pytest.mark.parametrize("templates", ["part_plus_cat", "ensemble"])
def test_missing_category_is_refused(templates):
    with pytest.raises(InputError, match="category"):
        prompts("leg", templates)
    with pytest.raises(InputError, match="nothing is left"):
        prompts("leg", templates, "!!")


def test_unknown_template_set_lists_the_known_ones():
    with pytest.raises(InputError, match="part_only, part_plus_cat"):
        prompts("leg", "fancy")


@pytest.mark.parametrize("phrase", ["", "   ", "?!", "_"])
def test_empty_after_cleaning_is_refused(phrase):
    with pytest.raises(InputError, match="nothing is left"):
        prompts(phrase)


def test_clean_phrases_keeps_order():
    assert clean_phrases(["Seat", "back_rest", "LEG"]) == ("seat", "back rest", "leg")


@pytest.mark.parametrize(
    ("phrases", "message"),
    [
        ([], "empty list"),
        ("seat", "one string"),
        (["seat", None], "phrase 1 is a NoneType"),
        (["seat", 3], "phrase 1 is a int"),
        (["seat", "  "], "nothing is left"),
        (["wrap grasp", "Wrap_Grasp"], "'wrap grasp' and 'Wrap_Grasp' are both 'wrap grasp'"),
        (["x" * (MAX_CHARACTERS + 1)], "401 characters"),
    ],
)
def test_clean_phrases_refuses(phrases, message):
    with pytest.raises(InputError, match=message):
        clean_phrases(phrases)


def test_longest_phrase_is_accepted():
    assert clean_phrases(["x" * MAX_CHARACTERS]) == ("x" * MAX_CHARACTERS,)


def test_words_need_neither_torch_nor_transformers():
    code = (
        "import sys, partwise.encoders.prompts, partwise.encoders.bank\n"
        "print(sorted({'torch', 'transformers', 'tokenizers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
