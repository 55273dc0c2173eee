"""Writes a scorecard, points set by hand, in the form of a model: a tree of one question for every line."""

import json
import pathlib
import sys

import numpy
import onnx

from train import round_down, to_onnx, write_json

# How many sign-ups the usual shares are thought of: only their ratio counts, in explanations.
COVER = 100_000


def main():
    folder = pathlib.Path(sys.argv[1])
    card = json.loads((folder / "scorecard.json").read_text())
    inputs = [entry["name"] for entry in json.loads((folder / "features.json").read_text())["inputs"]]
    trees = [question(line, inputs.index(line["feature"])) for line in card["points"]]
    trees[0]["value"] = [0.0, *(value + card["start"] for value in trees[0]["value"][1:])]
    write_json(folder / "trees.json", {"inputs": inputs, "trees": trees})
    onnx.save(to_onnx(trees, len(inputs)), folder / "model.onnx")
    write_json(folder / "calibration.json", {"method": "platt", "slope": 1.0, "intercept": 0.0})
    write_json(folder / "golden.json", golden(trees, card, inputs))


def question(line, feature):
    """Points when the value is above; an unknown value earns none."""
    points = float(numpy.float32(line["points"]))
    yes = round(COVER * line["usual"])
    return {
        "feature": [feature, -1, -1],
        "threshold": [round_down(line["above"]), 0.0, 0.0],
        "missing_left": [True, False, False],
        "left": [1, -1, -1],
        "right": [2, -1, -1],
        "value": [0.0, 0.0, points],
        "cover": [COVER, COVER - yes, yes],
    }


def golden(trees, card, inputs, rows=24):
    """Made-up rows and their points, added up from the scorecard itself and not from the trees."""
    random = numpy.random.default_rng(7)
    usual = numpy.array([round(COVER * line["usual"]) / COVER for line in card["points"]])
    points = numpy.array([float(numpy.float32(line["points"])) for line in card["points"]])
    expected = card["start"] + float(usual @ points)
    made = []
    for _ in range(rows):
        values = [random.choice([numpy.nan, 0.0, 1.0, 2.0, 3.0, 8.0]) for _ in inputs]
        above = numpy.array([values[inputs.index(line["feature"])] > line["above"] for line in card["points"]])
        contributions = [0.0] * len(inputs)
        for line, share in zip(card["points"], (above - usual) * points):
            contributions[inputs.index(line["feature"])] += float(share)
        made.append(
            {
                "values": [None if numpy.isnan(value) else value for value in values],
                "log_odds": card["start"] + float(above @ points),
                "contributions": contributions,
                "expected": expected,
            }
        )
    return {"inputs": inputs, "rows": made}


if __name__ == "__main__":
    main()
