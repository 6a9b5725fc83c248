"""Vector instructions for loops that are too short for a compiler to vectorise: a row of `WIDTH` numbers at once.

Rows are the last axis of arrays `(..., WIDTH)`; an operation names a row by its array and its number. They are written
as LLVM code because LLVM checks whether two arrays overlap before a loop that it vectorises, and this check costs more
than a loop over 16 numbers. LLVM splits the rows into the vectors that the processor has.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from ._vectors import COUNTS, DOUBLE, INT64, ONE, ROW, WIDTH, ZERO, Code, operation


def _farthest(difference: Callable[..., Any]) -> Any:
    """In each lane, the largest of the differences of tile t's columns first to last - 1 from `points[j]`.

    It is at least `start[s]` and goes to `out[o]`. Returns the bits of the lanes in which it is at most `bound[b]`.
    """

    def body(code, tiles, t, first, last, points, j, start, s, out, o, bound, b):  # type: ignore[no-untyped-def]
        build = code.build
        columns = build.extract_value(tiles.shape, 1)
        tile = code.row(tiles, build.mul(t, columns))
        point = build.gep(points.data, [build.mul(j, build.extract_value(points.shape, 1))])

        def farther(u: Any, farthest: Any) -> list[Any]:
            def here(column: Any) -> Any:
                return code.spread(build.load(build.gep(point, [column])))

            column = code.load(build.gep(tile, [u]))
            return [code.larger(difference(code, column, here, u, columns), farthest)]

        [farthest] = code.loop(first, last, [code.load(code.row(start, s))], farther)
        code.store(farthest, code.row(out, o))
        within = build.fcmp_ordered("<=", farthest, code.load(code.row(bound, b)))
        return build.zext(build.bitcast(within, ir.IntType(WIDTH)), INT64)

    def made(_context, tiles, _t, _first, _last, points, _j, start, _s, out, _o, bound, _b):  # type: ignore[no-untyped-def]
        i = types.intp
        return operation(types.int64, [tiles, i, i, i, points, i, start, i, out, i, bound, i], body)

    return intrinsic(made)


def _from_point(code: Code, column: Any, here: Callable[..., Any], u: Any, _columns: Any) -> Any:
    return code.llvm("fabs", code.build.fsub(column, here(u)))


def _from_box(code: Code, column: Any, here: Callable[..., Any], u: Any, columns: Any) -> Any:
    above = code.build.fsub(column, here(u))
    below = code.build.fsub(code.build.fneg(column), here(code.build.add(columns, u)))
    return code.larger(above, below)


def _of_boxes(code: Code, column: Any, here: Callable[..., Any], u: Any, _columns: Any) -> Any:
    return code.build.fsub(column, here(u))


def _sink(_context, smallest, one, _r, other, _q):  # type: ignore[no-untyped-def]
    def body(code, smallest, one, r, other, q):  # type: ignore[no-untyped-def]
        build = code.build

        def sunk(a: Any, sinking: Any) -> list[Any]:
            address = build.gep(code.row(smallest), [a])
            lying = code.load(address)
            code.store(code.smaller(sinking, lying), address)
            return [code.larger(lying, sinking)]

        joint = code.larger(code.load(code.row(one, r)), code.load(code.row(other, q)))
        code.loop(ZERO, build.extract_value(smallest.shape, 0), [joint], sunk)

    return operation(types.void, [smallest, one, types.intp, other, types.intp], body)


def _stretch(_context, rows, _r, _factor, out, _o):  # type: ignore[no-untyped-def]
    def body(code, rows, r, factor, out, o):  # type: ignore[no-untyped-def]
        stretched = code.build.fmul(code.load(code.row(rows, r)), code.spread(factor))
        code.store(stretched, code.row(out, o))
        return code.llvm("vector.reduce.fmax", stretched, result=DOUBLE)

    return operation(types.float64, [rows, types.intp, types.float64, out, types.intp], body)


def _count_rows(_context, rows, _count, bound, _b, counts, _c):  # type: ignore[no-untyped-def]
    def body(code, rows, count, bound, b, counts, c):  # type: ignore[no-untyped-def]
        build, limit = code.build, code.load(code.row(bound, b))

        def counted(r: Any, total: Any) -> list[Any]:
            within = build.fcmp_ordered("<=", code.load(build.gep(code.row(rows), [r])), limit)
            return [build.add(total, build.zext(within, COUNTS))]

        [total] = code.loop(ZERO, count, [ir.Constant(COUNTS, [0] * WIDTH)], counted)
        code.store(total, code.row(counts, c, COUNTS))

    i = types.intp
    return operation(types.void, [rows, i, bound, i, counts, i], body)


def _fit(_context, one, other, _count, bound, _b, counts, sides, others, _o):  # type: ignore[no-untyped-def]
    def body(code, one, other, count, bound, b, counts, sides, others, o):  # type: ignore[no-untyped-def]
        build, limit = code.build, code.load(code.row(bound, b))
        nothing = ir.Constant(ROW, [0.0] * WIDTH)

        def fitted(r: Any, total: Any, side: Any, other_side: Any) -> list[Any]:
            here, there = (code.load(build.gep(code.row(rows), [r])) for rows in (one, other))
            within = build.fcmp_ordered("<=", code.larger(here, there), limit)
            return [
                build.add(total, build.zext(within, COUNTS)),
                code.larger(build.select(within, here, nothing), side),
                code.larger(build.select(within, there, nothing), other_side),
            ]

        begin = [ir.Constant(COUNTS, [0] * WIDTH), nothing, nothing]
        total, side, other_side = code.loop(ZERO, count, begin, fitted)
        code.store(total, code.row(counts, o, COUNTS))
        code.store(side, code.row(sides, o))
        code.store(other_side, code.row(others, o))

    i = types.intp
    return operation(types.void, [one, other, i, bound, i, counts, sides, others, i], body)


def _count_sorted(_context, values, here, _h, radius, _r, counts, _c):  # type: ignore[no-untyped-def]
    def body(code, values, here, h, radius, r, counts, c):  # type: ignore[no-untyped-def]
        build, size = code.build, code.build.extract_value(values.shape, 0)
        point, reach = code.load(code.row(here, h)), code.load(code.row(radius, r))
        nothing = ir.Constant(COUNTS, [0] * WIDTH)

        def halved(i: Any, below: Any, up_to: Any) -> list[Any]:
            step = code.spread(build.lshr(size, build.add(i, ONE)), COUNTS)
            last = build.sub(step, ir.Constant(COUNTS, [1] * WIDTH))
            under = build.fsub(point, code.gather(values, build.add(below, last)))
            over = build.fsub(code.gather(values, build.add(up_to, last)), point)
            return [
                build.add(below, build.select(build.fcmp_ordered(">", under, reach), step, nothing)),
                build.add(up_to, build.select(build.fcmp_ordered("<=", over, reach), step, nothing)),
            ]

        halvings = build.cttz(size, ir.Constant(ir.IntType(1), 0))
        below, up_to = code.loop(ZERO, halvings, [nothing, nothing], halved)
        code.store(build.sub(up_to, below), code.row(counts, c, COUNTS))

    i = types.intp
    return operation(types.void, [values, here, i, radius, i, counts, i], body)


def _products(combine: str) -> Any:
    """Combines `out[o]` with the products of `count` pairs of rows, which are `step` and `pace` apart, one by one."""

    def body(code, out, o, one, r, step, other, q, pace, count):  # type: ignore[no-untyped-def]
        build, target = code.build, code.row(out, o)

        def combined(a: Any, total: Any) -> list[Any]:
            here = code.load(code.row(one, build.add(r, build.mul(a, step))))
            there = code.load(code.row(other, build.add(q, build.mul(a, pace))))
            return [getattr(build, combine)(total, build.fmul(here, there))]

        [total] = code.loop(ZERO, count, [code.load(target)], combined)
        code.store(total, target)

    def made(_context, out, _o, one, _r, _step, other, _q, _pace, _count):  # type: ignore[no-untyped-def]
        i = types.intp
        return operation(types.void, [out, i, one, i, i, other, i, i, i], body)

    return intrinsic(made)


def _centre(_context, rows, _r, mean, _m, held, _h):  # type: ignore[no-untyped-def]
    def body(code, rows, r, mean, m, held, h):  # type: ignore[no-untyped-def]
        away = code.build.fsub(code.load(code.row(rows, r)), code.load(code.row(mean, m)))
        code.store(code.build.fmul(away, code.load(code.row(held, h))), code.row(rows, r))

    return operation(types.void, [rows, types.intp, mean, types.intp, held, types.intp], body)


def _lean(_context, t_tiles, t_points, y_tiles, y_points, slope, _v, _tile, _i, apart, left, _o):  # type: ignore[no-untyped-def]
    def body(code, t_tiles, t_points, y_tiles, y_points, slope, v, tile, i, apart, left, o):  # type: ignore[no-untyped-def]
        build = code.build
        columns, targets = (build.extract_value(tiles.shape, 1) for tiles in (t_tiles, y_tiles))

        def difference(tiles: Any, points: Any, count: Any, u: Any) -> Any:
            here = build.load(build.gep(points.data, [build.add(build.mul(i, count), u)]))
            return build.fsub(code.load(code.row(tiles, build.add(build.mul(tile, count), u))), code.spread(here))

        def leaning(u: Any, farthest: Any, rest: Any) -> list[Any]:
            away = difference(t_tiles, t_points, columns, u)
            steep = build.load(build.gep(slope.data, [build.add(build.mul(v, columns), u)]))
            rest = build.fsub(rest, build.fmul(code.spread(steep), away))
            return [code.larger(code.llvm("fabs", away), farthest), rest]

        start = [ir.Constant(ROW, [0.0] * WIDTH), difference(y_tiles, y_points, targets, v)]
        farthest, rest = code.loop(ZERO, columns, start, leaning)
        code.store(farthest, code.row(apart, tile))
        code.store(code.llvm("fabs", rest), code.row(left, o))

    i = types.intp
    kinds = [t_tiles, t_points, y_tiles, y_points, slope, i, i, i, apart, left, i]
    return operation(types.void, kinds, body)


def _at_most(_context, rows, _r, _bound):  # type: ignore[no-untyped-def]
    def body(code, rows, r, bound):  # type: ignore[no-untyped-def]
        within = code.build.fcmp_ordered("<=", code.load(code.row(rows, r)), code.spread(bound))
        return code.build.zext(code.build.bitcast(within, ir.IntType(WIDTH)), INT64)

    return operation(types.int64, [rows, types.intp, types.float64], body)


def _lowest_bit(_context, _bits):  # type: ignore[no-untyped-def]
    return operation(
        types.int64, [types.int64], lambda code, bits: code.build.cttz(bits, ir.Constant(ir.IntType(1), 0))
    )


def _count_bits(_context, _bits):  # type: ignore[no-untyped-def]
    return operation(types.int64, [types.int64], lambda code, bits: code.build.ctpop(bits))


# Distances of a tile's points from a point or from a box, given as (high, -low), and of a tile of boxes, given as
# (low, -high), from a box.
from_point, from_box, of_boxes = _farthest(_from_point), _farthest(_from_box), _farthest(_of_boxes)
# sink(smallest, one, r, other, q): max(one[r], other[q]) sinks into the rows of `smallest`, which stay sorted.
sink: Any = intrinsic(_sink)
# stretch(rows, r, factor, out, o): `out[o] = rows[r] * factor`; returns the largest number in it.
stretch: Any = intrinsic(_stretch)
# count_rows(rows, count, bound, b, counts, c): how many of the first `count` rows are at most `bound[b]`.
count_rows: Any = intrinsic(_count_rows)
# fit(one, other, count, bound, b, counts, sides, others, o): how many of max(one[r], other[r]) are at most
# `bound[b]`, and the largest of one and of other among them.
fit: Any = intrinsic(_fit)
# count_sorted(values, here, h, radius, r, counts, c): how many of the ascending `values`, padded with infinity to a
# power of two, are within `radius[r]` of `here[h]`. Bisection without branches, which could not be predicted.
count_sorted: Any = intrinsic(_count_sorted)
# add_products(out, o, one, r, step, other, q, pace, count): adds to `out[o]` the products of rows of one and of other,
# which begin at r and q and advance by `step` and `pace`; less_products subtracts them.
add_products, less_products = _products("fadd"), _products("fsub")
# centre(rows, r, mean, m, held, h): `rows[r]` minus `mean[m]`, times `held[h]`.
centre: Any = intrinsic(_centre)
# lean(t_tiles, t_points, y_tiles, y_points, slope, v, tile, i, apart, left, o): puts the distances in t of a tile's
# points from point i into `apart[tile]`, and their residuals in target v under `slope[v]` into `left[o]`; slope is
# `(targets, units)`.
lean: Any = intrinsic(_lean)
# at_most(rows, r, bound): the bits of the lanes in which `rows[r]` is at most a number.
at_most: Any = intrinsic(_at_most)
lowest_bit: Any = intrinsic(_lowest_bit)
count_bits: Any = intrinsic(_count_bits)
