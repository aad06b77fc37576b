"""The registry of published figures is sound, and a table refuses what must not be compared."""

from dataclasses import replace

import pytest
from test_results import make_result

from partwise.cli import main
from partwise.errors import InputError
from partwise.evaluate.protocol import load_protocol, protocol_ids
from partwise.evaluate.published import only_reported, published
from partwise.evaluate.results import DataNotes, Figure, write_result
from partwise.evaluate.table import draw, entry_of_published, entry_of_result, one_column, tables

FIGURE = Figure(0.5, 0.012, 0.4, 0.6, (0.4, 0.6))


def result(name="ours", protocol="shapenetpart/standard", **changes):
    values = {"figures": {"miou": FIGURE}, "seeds": (0, 1, 2), **changes}
    return replace(make_result(name), protocol=load_protocol(protocol).record(), **values)


def rows(protocol):
    return {
        (row.model, figure): value
        for row in published()
        if row.protocol == protocol
        for figure, value in row.figures.items()
    }


def test_every_row_is_tied_to_a_known_protocol_and_a_source():
    assert len(published()) > 100
    for row in published():
        assert row.protocol in protocol_ids() or row.protocol in only_reported()
        assert row.source
        assert row.read
    assert not set(only_reported()) & set(protocol_ids())
    assert {row.protocol for row in published()} >= set(only_reported())


def test_figures_of_the_pages_are_there():
    assert rows("piad-seen/official")["ViSPLA", "aiou"] == 23.1
    assert rows("piad-unseen/official")["HAMMER", "auc"] == 80.92
    assert rows("piadv2-unseen-aff/official")["GREAT", "mae"] == 0.127
    assert rows("piadv2-seen/cmat-pooled")["LAS + CMAT", "simcos"] == 0.783
    assert rows("shapenetpart/patchalign3d")["PatchAlign3D", "ciou"] == 53.1
    assert rows("shapenetpart/find3d-tuned-rot")["Find3D", "ciou"] == 42.73
    assert rows("openad/no-none36")["3D-ADLLM", "miou"] == 30.43
    assert rows("openad/unclear-partial")["LM-AD", "miou"] == 35.26
    assert rows("laso/official")["PointRefer", "sim"] == 0.629
    assert rows("objaverse-general-unseen/find3d")["Find3D", "miou"] == 27.41


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"figures": {"aiou": 231.0}}, "aiou is 231"),
        ({"figures": {"sim": 66.4}}, "sim is 66.4"),
        ({"figures": {"speed": 1.0}}, "unknown figure 'speed'"),
        ({"mark": "reproduced"}, "mark 'reproduced'"),
        ({"tier": "rumour"}, "tier 'rumour'"),
        ({"source": ""}, "lacks source"),
        ({"protocol": "laso-seen/cmat-pooled", "figures": {"sim": 0.6}}, "SIM is never a cosine"),
        ({"figures": {"simcos": 0.6}}, "SIM is never a cosine"),
    ],
)
def test_a_row_that_cannot_be_is_refused(change, message):
    row = next(row for row in published() if row.protocol == "laso/official")
    with pytest.raises(InputError, match=message):
        replace(row, **change)


def test_a_column_has_one_protocol():
    entries = [entry_of_result(result()), entry_of_result(result("b", "shapenetpart/patchalign3d"))]
    with pytest.raises(InputError, match="two protocols never share a column"):
        one_column(entries, "shapenetpart/standard")
    head = draw(entries).splitlines()[0]
    assert "`shapenetpart/standard` mIoU" in head
    assert "`shapenetpart/patchalign3d` mIoU" in head
    lines = draw(entries).splitlines()
    assert lines[2].count("50.0 ± 1.2 (40.0 to 60.0)") == 1


def test_rows_are_marked():
    text = tables([entry_of_result(result("ours", "shapenetpart/patchalign3d"))])
    assert "| ours | reproduced-by-us | 50.0 ± 1.2 (40.0 to 60.0) [" in text
    assert "| PatchAlign3D | reported | 56.9 [" in text
    assert "`shapenetpart/patchalign3d`: 2,048 points drawn with replacement" in text
    others = [row for row in published() if row.mark == "reproduced-by-others"]
    assert others
    assert "reproduced-by-others" in draw([entry_of_published(others[0])])


def test_other_words_are_another_protocol():
    record = {**load_protocol("shapenetpart/standard").record(), "names": ["shapenetpart-find3d"]}
    with pytest.raises(InputError, match="its names differ from that protocol"):
        entry_of_result(
            result(protocol="shapenetpart/standard") if False else replace(result(), protocol=record)
        )
    seeds = {**load_protocol("shapenetpart/standard").record(), "seeds": [0]}
    entry_of_result(replace(result(), protocol=seeds))


def test_training_on_tested_categories_is_flagged():
    ours = result()
    assert "Trained on 1 of the 1 tested categories." in entry_of_result(ours).notes
    other = replace(ours, model=replace(ours.model, trained_on=("mug",)))
    assert not [note for note in entry_of_result(other).notes if "rained on" in note]
    unknown = replace(ours, model=replace(ours.model, trained_on=None))
    assert "The training categories are not stated." in entry_of_result(unknown).notes
    supervised = result(protocol="piad-seen/official", figures={"aiou": FIGURE})
    assert not [note for note in entry_of_result(supervised).notes if "Trained on" in note]


def test_selection_on_another_split_is_flagged():
    ours = result()
    assert not [note for note in entry_of_result(ours).notes if "elect" in note]
    last = replace(ours, model=replace(ours.model, selected_on="none"))
    assert not [note for note in entry_of_result(last).notes if "elect" in note]
    for split, note in (
        ("test", "Selected on the reported split."),
        ("train", "Selected on train, the protocol says val."),
        (None, "The split of selection is not stated."),
    ):
        other = replace(ours, model=replace(ours.model, selected_on=split))
        assert note in entry_of_result(other).notes
    assert (
        "Selected on the reported split."
        in entry_of_published(next(row for row in published() if row.model == "LAS + CMAT")).notes
    )


def test_words_where_pictures_are_official_are_noted():
    asked = result(protocol="piad-seen/official", figures={"aiou": FIGURE}, config={"asked_by": "words"})
    note = "Asked by words, the official question is one of pictures."
    assert note in entry_of_result(asked).notes
    assert note not in entry_of_result(replace(asked, config={"asked_by": "pictures"})).notes


def test_a_cosine_is_never_called_sim():
    pooled = result(protocol="laso-seen/cmat-pooled", figures={"simcos": FIGURE})
    assert "`laso-seen/cmat-pooled` SIMcos" in draw([entry_of_result(pooled)])
    with pytest.raises(InputError, match="SIM is never a cosine"):
        entry_of_result(replace(pooled, figures={"sim": FIGURE}))
    known = [row for row in published() if row.protocol in protocol_ids()]
    assert all("sim" not in row.figures for row in known if load_protocol(row.protocol).threshold == "strict")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": ()}, "has no seeds"),
        ({"model": replace(make_result().model, sha256=None)}, "no a hash of the weights"),
        ({"data": replace(make_result().data, sha256="")}, "no a hash of the data"),
    ],
)
def test_what_cannot_be_repeated_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        entry_of_result(result(**change))


def test_part_of_a_split_few_seeds_and_half_an_answer_are_noted():
    notes = entry_of_result(result(seeds=(0,), data=DataNotes("shapenetpart", "test", "b" * 64, 2, 2))).notes
    assert "Only the first 2 samples." in notes
    assert "2 of 2,874 samples: not the whole split." in notes
    assert "1 seed." in notes
    alone = tables([entry_of_result(result())])
    assert "Half the answer: shapenetpart/patchalign3d of the same model belongs beside it." in alone
    both = tables([entry_of_result(result()), entry_of_result(result("ours", "shapenetpart/patchalign3d"))])
    assert "Half the answer" not in both


def test_made_up_and_partial_data_are_noted():
    whole = result().data
    notes = entry_of_result(result(data=replace(whole, mock=True, partial=True))).notes
    assert "Made-up data (partwise data mock): the figures mean nothing." in notes
    notes = entry_of_result(result(data=replace(whole, partial=True))).notes
    assert "A partial copy of the data set: see its manifest." in notes
    assert not any("data" in note or "copy" in note for note in entry_of_result(result()).notes)


def test_a_model_twice_in_one_column_is_refused():
    with pytest.raises(InputError, match="comes twice under shapenetpart/standard"):
        draw([entry_of_result(result()), entry_of_result(result())])


def test_the_command_draws_markdown_and_latex(tmp_path, capsys):
    write_result(tmp_path / "a.json", result("50%_model", "shapenetpart/patchalign3d"))
    assert (
        main(["table", str(tmp_path / "a.json"), "--format", "latex", "--out", str(tmp_path / "t.tex")]) == 0
    )
    text = (tmp_path / "t.tex").read_text()
    assert "50\\%\\_model & reproduced-by-us & 50.0 $\\pm$ 1.2" in text
    assert text.count("&") == text.count("\\\\") * 3
    assert main(["table", "--benchmark", "time"]) == 0
    assert "| SATR | reported | 111 [1] |" in capsys.readouterr().out
    assert main(["table", str(tmp_path / "a.json"), "--protocol", "shapenetpart/standard"]) == 2
    assert "never share a column" in capsys.readouterr().err
    assert main(["table"]) == 2
    assert main(["table", "--benchmark", "nothing"]) == 2
    assert "unknown benchmark 'nothing'" in capsys.readouterr().err
