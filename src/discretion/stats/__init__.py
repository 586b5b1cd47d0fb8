"""Pure numbers over arrays: gaps, references, scores, agreement, contrasts, and their intervals.

Nothing here imports from the rest of the package. The arrays, everywhere:

- C cases. ``p`` (C,) is an arm's grant probability, ``variance`` (C,) its sampling variance s2/m
  (0 where it was scored), both NaN where the arm gave no answer. ``h`` (C,) is the panel's grant
  rate, NaN where nobody decided; ``n`` (C,) the judgments that decided (grants and refusals), NaN
  where it is not known. ``scenario`` (C,) is an integer code from 0 to K-1.
- J judgments, one by one: ``case`` (J,) and ``rater`` (J,) are indices, -1 for an anonymous rater,
  and ``granted`` (J,) is boolean. Unsure judgments are left out by the caller.
- What people decided comes as one `Rates`, made from judgments or from counts. A case that lacks
  what a figure needs (an answer, a decision, a second judgment) leaves that figure.
- ``weigh`` is "scenarios" (each scenario counts the same) or "cases".

A result is a `Figure`: its value, a 95% interval where one is defined, and its n. A figure that
cannot be computed has the value None, never 0. DESIGN section 6 defines every number.
"""
