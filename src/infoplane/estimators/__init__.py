"""Estimators of mutual information, a folder each, named in conf/estimators/ as `estimator: NAME`.

The folder's `__init__.py` defines one class, named as the folder but for `_` and capitals, on the base class
`_shared.base.Estimator`, which holds the whole contract. What only one estimator uses lies beside it, in its folder;
what several share lies in `_shared`.
"""
