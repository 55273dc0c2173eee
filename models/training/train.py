"""Trains one model from replayed feature values and writes what the service needs to score and explain with it.

Called by `npm run train`; see README.md for the method and its reasons.
"""

import argparse
import json
import pathlib

import lightgbm
import numpy
import onnx
import pandas
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

SETTINGS = {
    "objective": "binary",
    "min_data_in_leaf": 30,
    "feature_fraction": 0.25,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "seed": 1,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
}
# Two learners whose log-odds are averaged, chosen on inner time splits (README.md). One is free to find what it can. The other
# holds to the directions that the features declare and to the buyer: it sees nothing of areas and of what repeats the e-mail.
FREE = {"learning_rate": 0.05, "num_leaves": 15, "lambda_l2": 5.0, "path_smooth": 20, "num_iterations": 90}
HELD = {"learning_rate": 0.06, "num_leaves": 8, "lambda_l2": 1.0, "num_iterations": 100}
UNSEEN_BY_HELD = ("area.", "region.", "mailbox.", "domain.known_frauds")
DIRECTIONS = {"up": 1, "down": -1, "either": 0}
# The last days of the training period, held out to measure and to calibrate before all of it is used.
HOLDOUT_DAYS = 10


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--features", nargs="+", required=True, help="CSV files of one period, one per label delay")
    arguments.add_argument("--mature-day", type=int, required=True, help="the last day whose labels may be used")
    arguments.add_argument("--out", required=True, help="the model's folder, with its features.json")
    options = arguments.parse_args()

    out = pathlib.Path(options.out)
    declared = json.loads((out / "features.json").read_text())["inputs"]
    inputs = [entry["name"] for entry in declared]
    replays = [pandas.read_csv(file) for file in options.features]
    served = replays[0]

    early = [replay[replay.day <= options.mature_day - HOLDOUT_DAYS] for replay in replays]
    held_out = served[(served.day > options.mature_day - HOLDOUT_DAYS) & (served.day <= options.mature_day)]
    log_odds = log_odds_of(fit(early, declared), matrix(held_out, inputs))
    validation = {
        "auc": float(roc_auc_score(held_out.is_fraud, log_odds)),
        "ap": float(average_precision_score(held_out.is_fraud, log_odds)),
    }

    mature = [replay[replay.day <= options.mature_day] for replay in replays]
    learners = fit(mature, declared)
    trees = [flatten(tree, len(learners)) for learner in learners for tree in learner.dump_model()["tree_info"]]
    write_json(out / "trees.json", {"inputs": inputs, "trees": trees})
    onnx.save(to_onnx(trees, len(inputs)), out / "model.onnx")
    calibration = calibrate(log_odds, held_out.is_fraud)
    write_json(out / "calibration.json", calibration)
    write_json(out / "baseline.json", baseline(served, inputs, learners, calibration))
    write_json(out / "golden.json", golden(learners, mature[0], inputs))
    gains = numpy.mean([learner.feature_importance("gain") for learner in learners], axis=0)
    importance = sorted(zip(gains.tolist(), inputs), reverse=True)
    print(
        json.dumps(
            {
                "rows": len(mature[0]),
                "frauds": int(mature[0].is_fraud.sum()),
                "trees": len(trees),
                **validation,
                "held_out_rows": len(held_out),
                "held_out_frauds": int(held_out.is_fraud.sum()),
                "importance": [name for gain, name in importance if gain > 0],
            }
        )
    )


def matrix(frame, inputs):
    """The values as the service feeds them: single precision, NaN for unknown."""
    return frame[inputs].to_numpy(dtype=numpy.float32)


def fit(replays, declared):
    inputs = [entry["name"] for entry in declared]
    rows = numpy.concatenate([matrix(replay, inputs) for replay in replays])
    labels = numpy.concatenate([replay.is_fraud for replay in replays])
    weights = numpy.full(len(rows), 1 / len(replays))
    held = HELD | {
        "monotone_constraints": [DIRECTIONS[entry["direction"]] for entry in declared],
        # A gain times zero is never the best split.
        "feature_contri": [0.0 if name.startswith(UNSEEN_BY_HELD) else 1.0 for name in inputs],
    }
    # Each binds its settings to the data set, so each has its own.
    return [lightgbm.train(SETTINGS | learner, lightgbm.Dataset(rows, labels, weight=weights)) for learner in (FREE, held)]


def log_odds_of(learners, rows):
    return numpy.mean([learner.predict(rows, raw_score=True) for learner in learners], axis=0)


def flatten(tree, learners):
    """A tree as parallel lists; node 0 is the root, a leaf has feature -1. Left is taken when value <= threshold.

    Its leaves hold its share of the average over the learners.
    """
    nodes = {key: [] for key in ("feature", "threshold", "missing_left", "left", "right", "value", "cover")}

    def add(node):
        index = len(nodes["feature"])
        leaf = "leaf_value" in node
        nodes["feature"].append(-1 if leaf else node["split_feature"])
        nodes["threshold"].append(0.0 if leaf else round_down(node["threshold"]))
        nodes["missing_left"].append(False if leaf else goes_left_when_missing(node))
        nodes["value"].append(float(numpy.float32(node["leaf_value"] / learners)) if leaf else 0.0)
        nodes["cover"].append(node["leaf_count"] if leaf else node["internal_count"])
        nodes["left"].append(-1)
        nodes["right"].append(-1)
        if not leaf:
            assert node["decision_type"] == "<="
            nodes["left"][index] = add(node["left_child"])
            nodes["right"][index] = add(node["right_child"])
        return index

    add(tree["tree_structure"])
    return nodes


def round_down(threshold):
    """The largest single-precision number that is not above the threshold: single-precision values compare the same."""
    largest = float(numpy.finfo(numpy.float32).max)
    single = numpy.float32(min(threshold, largest))  # "known at all" is a split at 1e300
    return float(single if float(single) <= threshold else numpy.nextafter(single, numpy.float32(-numpy.inf)))


def goes_left_when_missing(node):
    """LightGBM reads NaN as zero where it saw none in training."""
    return node["default_left"] if node["missing_type"] == "NaN" else 0.0 <= node["threshold"]


def to_onnx(trees, width):
    """A regressor of the log-odds. ONNX's classifiers apply a link of their own; one was 0.1 off.

    The values come in single precision and are added in double: three hundred single additions were 4e-6 off.
    """
    nodes = {"treeids": [], "nodeids": [], "featureids": [], "modes": [], "truenodeids": [], "falsenodeids": []}
    thresholds, tracks = [], []
    targets, weights = {"treeids": [], "nodeids": [], "ids": []}, []
    for number, tree in enumerate(trees):
        for node, feature in enumerate(tree["feature"]):
            leaf = feature < 0
            nodes["treeids"].append(number)
            nodes["nodeids"].append(node)
            nodes["featureids"].append(0 if leaf else feature)
            nodes["modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            nodes["truenodeids"].append(0 if leaf else tree["left"][node])
            nodes["falsenodeids"].append(0 if leaf else tree["right"][node])
            thresholds.append(tree["threshold"][node])
            tracks.append(int(tree["missing_left"][node]))
            if leaf:
                targets["treeids"].append(number)
                targets["nodeids"].append(node)
                targets["ids"].append(0)
                weights.append(tree["value"][node])
    double = onnx.TensorProto.DOUBLE
    ensemble = onnx.helper.make_node(
        "TreeEnsembleRegressor",
        ["doubles"],
        ["log_odds"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        nodes_missing_value_tracks_true=tracks,
        nodes_values_as_tensor=onnx.helper.make_tensor("thresholds", double, [len(thresholds)], thresholds),
        target_weights_as_tensor=onnx.helper.make_tensor("leaves", double, [len(weights)], weights),
        **{f"nodes_{key}": value for key, value in nodes.items()},
        **{f"target_{key}": value for key, value in targets.items()},
    )
    single = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Cast", ["features"], ["doubles"], to=double), ensemble],
        "trees",
        [onnx.helper.make_tensor_value_info("features", single, [None, width])],
        [onnx.helper.make_tensor_value_info("log_odds", single, [None, 1])],
    )
    opsets = [onnx.helper.make_opsetid("ai.onnx.ml", 3), onnx.helper.make_opsetid("", 17)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="tillgate")
    onnx.checker.check_model(model)
    return model


def calibrate(log_odds, labels):
    """Platt: two numbers, because a few hundred frauds do not support a curve."""
    platt = LogisticRegression(C=1e6).fit(log_odds.reshape(-1, 1), labels)
    return {"method": "platt", "slope": float(platt.coef_[0][0]), "intercept": float(platt.intercept_[0])}


def baseline(served, inputs, learners, calibration):
    """What the latest 30 days looked like, by deciles, for the drift alarm. Needs no labels."""
    latest = served[served.day > served.day.max() - 30]
    log_odds = log_odds_of(learners, matrix(latest, inputs))
    score = 1 / (1 + numpy.exp(-(calibration["slope"] * log_odds + calibration["intercept"])))
    columns = {name: latest[name].to_numpy(dtype=float) for name in inputs} | {"score": score}
    return {name: histogram(values) for name, values in columns.items()}


def histogram(values):
    known = values[~numpy.isnan(values)]
    edges = numpy.unique(numpy.quantile(known, numpy.linspace(0, 1, 11)[1:-1])) if len(known) else numpy.array([])
    counts = numpy.bincount(numpy.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)
    return {
        "edges": [float(f"{edge:.6g}") for edge in edges],
        "shares": [round(float(count) / len(values), 5) for count in counts],
        "unknown": round(1 - len(known) / len(values), 5),
    }


def golden(learners, mature, inputs, rows=48):
    """Made-up rows (each value drawn and shaken on its own, so that no row is anybody's) with the trainer's own answers."""
    random = numpy.random.default_rng(7)
    values = matrix(mature, inputs)
    drawn = numpy.stack([random.choice(values[:, column], rows) for column in range(len(inputs))], axis=1)
    shaken = drawn * random.choice([0.5, 1, 1, 1.5, 3], drawn.shape).astype(numpy.float32)
    contributions = numpy.mean([learner.predict(shaken, pred_contrib=True) for learner in learners], axis=0)
    return {
        "inputs": inputs,
        "rows": [
            {
                "values": [None if numpy.isnan(value) else float(value) for value in row],
                "log_odds": float(raw),
                "contributions": [float(value) for value in explained[:-1]],
                "expected": float(explained[-1]),
            }
            for row, raw, explained in zip(shaken, log_odds_of(learners, shaken), contributions)
        ],
    }


def write_json(file, value):
    file.write_text(json.dumps(value) + "\n")


if __name__ == "__main__":
    main()
