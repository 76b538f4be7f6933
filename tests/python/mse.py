"""Multiple-systems estimation, written anew with statsmodels and scipy.

Reads tables as JSON, {"name": {"lists": [...], "rows": [[[0, 1, ...], count], ...]}}, from standard
input and writes what it makes of each: the interactions that forward selection by AIC chooses, with
a check by linear programming that a model's estimate exists, its parameters, AIC, the estimate, and
the interval by profile likelihood. Nothing of Entente's is used.
"""

import itertools
import json
import math
import sys
import warnings

import numpy as np
import statsmodels.api as sm
from scipy.optimize import brentq, linprog, minimize_scalar
from scipy.special import gammaln

CHI2 = 3.841458820694124


class Table:
    def __init__(self, lists, rows):
        self.n_lists = len(lists)
        self.counts = {p: 0 for p in itertools.product((0, 1), repeat=self.n_lists) if any(p)}
        for pattern, count in rows:
            self.counts[tuple(pattern)] = count
        self.observed = sum(self.counts.values())

    def overlap(self, pair):
        return sum(n for p, n in self.counts.items() if all(p[at] for at in pair))

    def pairs(self):
        return list(itertools.combinations(range(self.n_lists), 2))


class Model:
    """A constant, the lists and some pairs; pairs without an overlap take their cells out."""

    def __init__(self, table, pairs):
        self.table = table
        self.pairs = sorted(pairs)
        self.infinite = [pair for pair in self.pairs if table.overlap(pair) == 0]
        finite = [pair for pair in self.pairs if pair not in self.infinite]
        self.terms = [()] + [(at,) for at in range(table.n_lists)] + finite
        cells = [p for p in table.counts if not any(all(p[at] for at in it) for it in self.infinite)]
        self.y = np.array([table.counts[p] for p in cells], dtype=float)
        self.x = np.array([self.row(p) for p in cells], dtype=float)

    def row(self, pattern):
        return [float(all(pattern[at] for at in term)) for term in self.terms]

    def is_determined(self):
        """Independent columns, and some table without an empty cell that has the same margins."""
        if np.linalg.matrix_rank(self.x) < len(self.terms):
            return False
        n_cells = len(self.y)
        # Maximize s, with every cell at least s and at most anything, and the margins as observed.
        program = linprog(
            np.append(np.zeros(n_cells), -1.0),
            A_ub=np.hstack([-np.eye(n_cells), np.ones((n_cells, 1))]),
            b_ub=np.zeros(n_cells),
            A_eq=np.hstack([self.x.T, np.zeros((len(self.terms), 1))]),
            b_eq=self.x.T @ self.y,
            bounds=[(None, None)] * (n_cells + 1),
        )
        return program.status == 0 and -program.fun > 1e-7

    def fit(self):
        family = sm.families.Poisson()
        self.fitted = sm.GLM(self.y, self.x, family=family).fit(tol=1e-14, tol_criterion="params", maxiter=300)
        self.aic = 2 * (len(self.terms) + len(self.infinite)) - 2 * self.fitted.llf
        self.unseen = math.exp(self.fitted.params[0])
        return self

    def profile(self):
        """The interval of all numbers of unseen that the multinomial likelihood does not exclude."""
        x = np.vstack([self.x, self.row((0,) * self.table.n_lists)])

        def likelihood(unseen):
            y = np.append(self.y, unseen)
            means = sm.GLM(y, x, family=sm.families.Poisson()).fit(tol=1e-13, maxiter=300).mu
            total = y.sum()
            shares = np.log(means / total)
            return gammaln(total + 1) - gammaln(y + 1).sum() + (y * shares).sum()

        best = minimize_scalar(
            lambda u: -likelihood(u), bounds=(1e-3, 2 * self.unseen + 10), method="bounded",
            options={"xatol": 1e-7 * (1 + self.unseen)},
        )
        bound = -best.fun - CHI2 / 2
        falls = lambda u: likelihood(u) - bound
        low = 0.0 if falls(1e-3) >= 0 else brentq(falls, 1e-3, best.x, rtol=1e-9)
        far = 2 * best.x + 10
        while falls(far) >= 0:
            far *= 2
        return [self.table.observed + low, self.table.observed + brentq(falls, best.x, far, rtol=1e-9)]


def choose(table):
    chosen = Model(table, [])
    if not chosen.is_determined():
        return None
    chosen.fit()
    while True:
        candidates = [Model(table, chosen.pairs + [p]) for p in table.pairs() if p not in chosen.pairs]
        candidates = [model.fit() for model in candidates if model.is_determined()]
        best = min(candidates, key=lambda model: model.aic, default=chosen)
        if best.aic >= chosen.aic - 1e-9:
            return chosen
        chosen = best


def answer(lists, rows):
    chosen = choose(Table(lists, rows))
    if chosen is None:
        return None
    named = lambda term: ":".join(lists[at] for at in term)
    return {
        "interactions": [named(pair) for pair in chosen.pairs],
        "parameters": {named(t): v for t, v in zip(chosen.terms, map(float, chosen.fitted.params))},
        "aic": float(chosen.aic),
        "estimate": chosen.table.observed + chosen.unseen,
        "profile": chosen.profile(),
    }


warnings.simplefilter("ignore")
tables = json.load(sys.stdin)
json.dump({name: answer(it["lists"], it["rows"]) for name, it in tables.items()}, sys.stdout)
