"""Multiple-systems estimation, written anew with statsmodels and scipy.

Reads tables as JSON, {"name": {"lists": [...], "rows": [[[0, 1, ...], count], ...]}}, from standard
input and writes what it makes of each: the interactions that forward selection by AIC chooses, with
a check by linear programming that a model's estimate exists, its parameters, AIC, the estimate, and
the interval by profile likelihood. A table with "draws" has the interval by parametric bootstrap too:
as many persons as were estimated are drawn anew by the chosen model, a model is chosen for each draw,
and what those say is given in order. Nothing of Entente's is used.
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
        wanted = [(at,) for at in range(table.n_lists)] + self.pairs
        # Nobody is on both lists, or in a draw on one of them.
        self.infinite = [term for term in wanted if table.overlap(term) == 0]
        self.terms = [()] + [term for term in wanted if term not in self.infinite]
        cells = [p for p in table.counts if not any(all(p[at] for at in it) for it in self.infinite)]
        self.y = np.array([table.counts[p] for p in cells], dtype=float)
        self.x = np.array([self.row(p) for p in cells], dtype=float)
        self.cells = cells

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

    def is_surely_determined(self):
        """The same, without a program where the cells with somebody in them settle it."""
        seen = self.x[self.y > 0]
        return np.linalg.matrix_rank(seen) == len(self.terms) or self.is_determined()

    def fit_quickly(self):
        """Newton's method: statsmodels does much more in each fit, and there are tens of thousands."""
        weights = self.y + 0.5
        start = np.linalg.lstsq(
            self.x * np.sqrt(weights)[:, None], np.log(weights) * np.sqrt(weights), rcond=None
        )
        beta = start[0]
        value = self.kernel(beta)
        for _ in range(100):
            means = np.exp(self.x @ beta)
            score = self.x.T @ (self.y - means)
            step = np.linalg.solve((self.x.T * means) @ self.x, score)
            gain = step @ score
            while self.kernel(beta + step) < value - 1e-9 and np.abs(step).max() > 1e-12:
                step = step / 2
            beta = beta + step
            value = self.kernel(beta)
            if gain < 1e-12:
                break
        llf = value - gammaln(self.y + 1).sum()
        self.aic = 2 * (len(self.terms) + len(self.infinite)) - 2 * llf
        self.unseen = math.exp(beta[0])
        self.means = np.exp(self.x @ beta)
        return self

    def kernel(self, beta):
        predictor = self.x @ beta
        return self.y @ predictor - np.exp(predictor).sum()

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


def choose(table, check=Model.is_determined, fit=Model.fit):
    chosen = Model(table, [])
    if not check(chosen):
        return None
    fit(chosen)
    while True:
        candidates = [Model(table, chosen.pairs + [p]) for p in table.pairs() if p not in chosen.pairs]
        candidates = [fit(model) for model in candidates if check(model)]
        best = min(candidates, key=lambda model: model.aic, default=chosen)
        if best.aic >= chosen.aic - 1e-9:
            return chosen
        chosen = best


def drawn(chosen, lists, draws):
    """As many draws, in order; one without a bound is None."""
    chosen.fit_quickly()
    rng = np.random.default_rng(20261129)
    shares = np.append(chosen.means, chosen.unseen)
    n_persons = round(chosen.table.observed + chosen.unseen)
    estimates = []
    for _ in range(draws):
        counts = rng.multinomial(n_persons, shares / shares.sum())[:-1]
        table = Table(lists, zip(chosen.cells, map(int, counts)))
        model = choose(table, Model.is_surely_determined, Model.fit_quickly)
        estimates.append(math.inf if model is None else table.observed + model.unseen)
    return [it if math.isfinite(it) else None for it in sorted(estimates)]


def answer(lists, rows, draws=0):
    chosen = choose(Table(lists, rows))
    if chosen is None:
        return None
    named = lambda term: ":".join(lists[at] for at in term)
    return {
        "bootstrap": drawn(chosen, lists, draws) if draws else None,
        "interactions": [named(pair) for pair in chosen.pairs],
        "parameters": {named(t): v for t, v in zip(chosen.terms, map(float, chosen.fitted.params))},
        "aic": float(chosen.aic),
        "estimate": chosen.table.observed + chosen.unseen,
        "profile": chosen.profile(),
    }


warnings.simplefilter("ignore")
tables = json.load(sys.stdin)
json.dump({name: answer(**it) for name, it in tables.items()}, sys.stdout)
