"""What to do about each flag, in a sentence; docs/flags.md has the reasons. The most serious come first."""

ADVICE = {
    "blind": "Do not read a low value as little information; use more rows, fewer columns or another estimator.",
    "below_bound": "Believe the bound, which is proven on the same rows; use aligned_ksg, more rows or fewer columns.",
    "above_ceiling": "The value is too high; add standard errors to see if it is noise, else use another estimator.",
    "dpi": "This value or the one of the layer before is wrong, often the earlier one; look there for other flags.",
    "not_converged": "Train the critics for more steps; where a few pairs decide the value, use the bound infonce.",
    "inside_null": "Do not read the curve there; use more rows, or an estimator with less variance.",
    "saturated": "Say “at least”; use more rows, or fewer neighbours or bins.",
    "infinite": "Read the value as what its estimator defines, such as H(bin(T)), or do not show it.",
    "scale": "Standardise the columns, or use an estimator for which their scale does not matter.",
    "repeated_rows": "Remove the duplicates.",
    "time_order": "Set a block, so that rows so far apart are nearly independent.",
    "target_ties": "Use dithered_ksg for counts and rounded numbers; if y holds classes, say that it holds labels.",
    "ties": "Prefer mixed_ksg, binning or the exact value there; npeet and gaussian_kde assume rows that differ.",
    "constant": "Nothing about the value, which is exact. If it lasts, the layer has died: lower the learning rate.",
    "dead_units": "Nothing; the estimators here leave such columns out.",
}
