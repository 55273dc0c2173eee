"""Trains and judges as chapter 3 of the Fraud Detection Handbook does, and prints one JSON line per model."""

import json
import sys

import numpy
import pandas
import xgboost
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

# Train 2018-07-25 … 07-31, then a week in which labels become known, test 08-08 … 08-14. Days are counted from 1970.
TRAIN_FROM, TRAIN_DAYS, DELAY_DAYS, TEST_DAYS = 17737, 7, 7, 7
TOP = 100


def main():
    past = pandas.read_csv(sys.argv[1])
    inputs = list(past.columns[3:])
    train = past[(past.day >= TRAIN_FROM) & (past.day < TRAIN_FROM + TRAIN_DAYS)]
    test = unknown_customers(past, train)
    models = {
        # The tolerance of the release it was published with: since then the loss is a mean and not a sum, and the same number stops early.
        "lr": make_pipeline(StandardScaler(), LogisticRegression(random_state=0, tol=1e-8, max_iter=1000)),
        # The defaults of the release it was published with, but 50 trees of depth 3.
        "gbdt": xgboost.XGBClassifier(
            n_estimators=50, max_depth=3, base_score=0.5, tree_method="exact", random_state=0, n_jobs=1
        ),
    }
    for name, model in models.items():
        model.fit(train[inputs].to_numpy(), train.is_fraud)
        score = model.predict_proba(test[inputs].to_numpy())[:, 1]
        print(
            json.dumps(
                {
                    "model": name,
                    "auc": round(float(roc_auc_score(test.is_fraud, score)), 3),
                    "ap": round(float(average_precision_score(test.is_fraud, score)), 3),
                    "cp100": round(card_precision(test, score), 3),
                }
            )
        )


def unknown_customers(past, train):
    """The test days without the customers whose fraud was known by then."""
    known = set(train[train.is_fraud == 1].customer)
    days = []
    for day in range(TEST_DAYS):
        became_known = past[past.day == TRAIN_FROM + TRAIN_DAYS + day - 1]
        known |= set(became_known[became_known.is_fraud == 1].customer)
        today = past[past.day == TRAIN_FROM + TRAIN_DAYS + DELAY_DAYS + day]
        days.append(today[~today.customer.isin(known)])
    return pandas.concat(days)


def card_precision(test, score):
    """Each day the hundred most suspicious customers are looked at; those found stay out of the days that follow."""
    found, precisions = set(), []
    for _, today in test.assign(score=score).groupby("day"):
        customers = today[~today.customer.isin(found)].groupby("customer")[["score", "is_fraud"]].max()
        top = customers.sort_values("score", ascending=False).head(TOP)
        found |= set(top[top.is_fraud == 1].index)
        precisions.append(top.is_fraud.sum() / TOP)
    return float(numpy.mean(precisions))


if __name__ == "__main__":
    main()
