"""Solvers of an attacker, with scipy, which share nothing with Entente's own.

Reads a JSON object from standard input and writes one to standard output.

"reconstruct": a list of {"n", "equations": [[[who, ...], sum], ...]}: the numbers from 0 to 1 that miss
the sums by the least in all (linear programming).

"bounds": a list of {"n", "between": [[[cell, ...], low, high], ...], "asked": [[cell, ...], ...]}: for
each sum of cells that is asked, the least and the most that it can be while all cells are whole
numbers from 0 and all given sums lie between their bounds (integer programming). `null` is no bound.
"""

import json
import sys

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import lil_matrix


def reconstruct(task):
    n, equations = task["n"], task["equations"]
    m = len(equations)
    rows = np.zeros((m, n))
    sums = np.zeros(m)
    for at, (who, value) in enumerate(equations):
        rows[at, who] = 1.0
        sums[at] = value
    # Minimize the sum of t, where every equation is missed by at most its t.
    miss = np.vstack([np.hstack([rows, -np.eye(m)]), np.hstack([-rows, -np.eye(m)])])
    found = linprog(
        np.append(np.zeros(n), np.ones(m)),
        A_ub=miss,
        b_ub=np.append(sums, -sums),
        bounds=[(0, 1)] * n + [(0, None)] * m,
    )
    return [float(bit) for bit in found.x[:n]]


def matrix(sums, n):
    rows = lil_matrix((len(sums), n))
    for at, cells in enumerate(sums):
        for cell in cells:
            rows[at, cell] = 1.0
    return rows.tocsr()


def bounds(task):
    n = task["n"]
    given = matrix([cells for cells, _, _ in task["between"]], n)
    low = [-np.inf if low is None else low for _, low, _ in task["between"]]
    high = [np.inf if high is None else high for _, _, high in task["between"]]
    limits = LinearConstraint(given, low, high)
    answers = []
    for row in matrix(task["asked"], n).toarray():
        ends = []
        for sign in (1.0, -1.0):
            found = milp(sign * row, constraints=limits, integrality=np.ones(n), bounds=Bounds(0, np.inf))
            # Unbounded is an answer; that nothing fits is none.
            if found.status == 2:
                raise SystemExit("no table fits what is shown")
            ends.append(None if found.x is None else round(sign * found.fun))
        answers.append(ends)
    return answers


def main():
    tasks = json.load(sys.stdin)
    solvers = {"reconstruct": reconstruct, "bounds": bounds}
    json.dump({name: [solvers[name](task) for task in of] for name, of in tasks.items()}, sys.stdout)


main()
