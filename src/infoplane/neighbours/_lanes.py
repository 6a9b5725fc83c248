"""Vector instructions for loops too short for a compiler to vectorise: a row of `WIDTH` numbers at once.

Rows are the last axis of arrays `(..., WIDTH)`, and an operation names a row by its array and its number.
They are written as LLVM code because the check whether two arrays overlap, which LLVM puts before a loop that
it vectorises, costs more than a loop over 16 numbers. LLVM cuts the rows to what the processor has.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 16

_DOUBLE, _INT32, _INT64 = ir.DoubleType(), ir.IntType(32), ir.IntType(64)
_ROW, _COUNTS = ir.VectorType(_DOUBLE, WIDTH), ir.VectorType(_INT64, WIDTH)
_PLACES, _MASK = ir.VectorType(_DOUBLE.as_pointer(), WIDTH), ir.VectorType(ir.IntType(1), WIDTH)
_ZERO, _ONE = ir.Constant(_INT64, 0), ir.Constant(_INT64, 1)


class _Code:
    """LLVM code under construction, in terms of rows."""

    def __init__(self, context: Any, builder: Any) -> None:
        self.context, self.build = context, builder

    def row(self, array: Any, number: Any = _ZERO, kind: Any = _ROW) -> Any:
        """The address of a row."""
        return self.build.gep(self.build.bitcast(array.data, kind.as_pointer()), [number])

    def load(self, address: Any) -> Any:
        loaded = self.build.load(address)
        loaded.align = 8  # numpy promises no more
        return loaded

    def store(self, row: Any, address: Any) -> None:
        self.build.store(row, address).align = 8

    def spread(self, number: Any, kind: Any = _ROW) -> Any:
        """A row of one number."""
        blank = ir.Constant(kind, ir.Undefined)
        first = self.build.insert_element(blank, number, ir.Constant(_INT32, 0))
        return self.build.shuffle_vector(first, blank, ir.Constant(ir.VectorType(_INT32, WIDTH), [0] * WIDTH))

    def gather(self, array: Any, places: Any) -> Any:
        """The numbers of an array `(n,)` at a row of places."""
        start = self.spread(self.build.ptrtoint(array.data, _INT64), _COUNTS)
        bytes_in = self.build.mul(places, ir.Constant(_COUNTS, [8] * WIDTH))
        addresses = self.build.inttoptr(self.build.add(start, bytes_in), _PLACES)
        declare: Any = cgutils.get_or_insert_function
        kind = ir.FunctionType(_ROW, [_PLACES, _INT32, _MASK, _ROW])
        function = declare(self.build.module, kind, f"llvm.masked.gather.v{WIDTH}f64.v{WIDTH}p0f64")
        everywhere, blank = ir.Constant(_MASK, [1] * WIDTH), ir.Constant(_ROW, ir.Undefined)
        return self.build.call(function, [addresses, ir.Constant(_INT32, 8), everywhere, blank])

    def larger(self, one: Any, other: Any) -> Any:
        return self.llvm("maxnum", one, other)

    def smaller(self, one: Any, other: Any) -> Any:
        # A comparison and a choice would be stored through a mask, on which the next load has to wait.
        return self.llvm("minnum", one, other)

    def llvm(self, name: str, *rows: Any, result: Any = _ROW) -> Any:
        """One of LLVM's own functions of rows without NaN."""
        declare: Any = cgutils.get_or_insert_function
        kind = ir.FunctionType(result, [_ROW] * len(rows))
        function = declare(self.build.module, kind, f"llvm.{name}.v{WIDTH}f64")
        return self.build.call(function, rows, fastmath=("nnan",))

    def loop(self, start: Any, stop: Any, values: Sequence[Any], body: Callable[..., Sequence[Any]]) -> Sequence[Any]:
        """`values = body(i, *values)` for i from start to stop - 1, but at least once."""
        build = self.build
        before, inside, after = build.block, build.append_basic_block(), build.append_basic_block()
        build.branch(inside)
        build.position_at_end(inside)
        i, carried = build.phi(_INT64), [build.phi(value.type) for value in values]
        following = body(i, *carried)
        following_i = build.add(i, _ONE)
        for phi, first, later in zip([i, *carried], [start, *values], [following_i, *following], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, build.block)
        build.cbranch(build.icmp_signed("<", following_i, stop), inside, after)
        build.position_at_end(after)
        return following


def _operation(result: Any, kinds: Sequence[Any], body: Callable[..., Any]) -> tuple[Any, Callable[..., Any]]:
    """What numba asks of an intrinsic: a signature, and what writes its code from its arguments."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values = [
            context.make_array(kind)(context, builder, value) if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        found = body(_Code(context, builder), *values)
        return context.get_dummy_value() if found is None else found

    return result(*kinds), generate


def _farthest(difference: Callable[..., Any]) -> Any:
    """The largest of 0 and the differences, lane by lane, of tile t's columns first to last - 1 from `points[j]`.

    It goes to `out[o]`, and is at least `start[s]`. Gives the bits of the lanes in which it is at most `bound[b]`.
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
        return build.zext(build.bitcast(within, ir.IntType(WIDTH)), _INT64)

    def operation(_context, tiles, _t, _first, _last, points, _j, start, _s, out, _o, bound, _b):  # type: ignore[no-untyped-def]
        i = types.intp
        return _operation(types.int64, [tiles, i, i, i, points, i, start, i, out, i, bound, i], body)

    return intrinsic(operation)


def _from_point(code: _Code, column: Any, here: Callable[..., Any], u: Any, _columns: Any) -> Any:
    return code.llvm("fabs", code.build.fsub(column, here(u)))


def _from_box(code: _Code, column: Any, here: Callable[..., Any], u: Any, columns: Any) -> Any:
    above = code.build.fsub(column, here(u))
    below = code.build.fsub(code.build.fneg(column), here(code.build.add(columns, u)))
    return code.larger(above, below)


def _of_boxes(code: _Code, column: Any, here: Callable[..., Any], u: Any, _columns: Any) -> Any:
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
        code.loop(_ZERO, build.extract_value(smallest.shape, 0), [joint], sunk)

    return _operation(types.void, [smallest, one, types.intp, other, types.intp], body)


def _stretch(_context, rows, _r, _factor, out, _o):  # type: ignore[no-untyped-def]
    def body(code, rows, r, factor, out, o):  # type: ignore[no-untyped-def]
        stretched = code.build.fmul(code.load(code.row(rows, r)), code.spread(factor))
        code.store(stretched, code.row(out, o))
        return code.llvm("vector.reduce.fmax", stretched, result=_DOUBLE)

    return _operation(types.float64, [rows, types.intp, types.float64, out, types.intp], body)


def _count_rows(_context, rows, _count, bound, _b, counts, _c):  # type: ignore[no-untyped-def]
    def body(code, rows, count, bound, b, counts, c):  # type: ignore[no-untyped-def]
        build, limit = code.build, code.load(code.row(bound, b))

        def counted(r: Any, total: Any) -> list[Any]:
            within = build.fcmp_ordered("<=", code.load(build.gep(code.row(rows), [r])), limit)
            return [build.add(total, build.zext(within, _COUNTS))]

        [total] = code.loop(_ZERO, count, [ir.Constant(_COUNTS, [0] * WIDTH)], counted)
        code.store(total, code.row(counts, c, _COUNTS))

    i = types.intp
    return _operation(types.void, [rows, i, bound, i, counts, i], body)


def _fit(_context, one, other, _count, bound, _b, counts, sides, others, _o):  # type: ignore[no-untyped-def]
    def body(code, one, other, count, bound, b, counts, sides, others, o):  # type: ignore[no-untyped-def]
        build, limit = code.build, code.load(code.row(bound, b))
        nothing = ir.Constant(_ROW, [0.0] * WIDTH)

        def fitted(r: Any, total: Any, side: Any, other_side: Any) -> list[Any]:
            here, there = (code.load(build.gep(code.row(rows), [r])) for rows in (one, other))
            within = build.fcmp_ordered("<=", code.larger(here, there), limit)
            return [
                build.add(total, build.zext(within, _COUNTS)),
                code.larger(build.select(within, here, nothing), side),
                code.larger(build.select(within, there, nothing), other_side),
            ]

        begin = [ir.Constant(_COUNTS, [0] * WIDTH), nothing, nothing]
        total, side, other_side = code.loop(_ZERO, count, begin, fitted)
        code.store(total, code.row(counts, o, _COUNTS))
        code.store(side, code.row(sides, o))
        code.store(other_side, code.row(others, o))

    i = types.intp
    return _operation(types.void, [one, other, i, bound, i, counts, sides, others, i], body)


def _count_sorted(_context, values, here, _h, radius, _r, counts, _c):  # type: ignore[no-untyped-def]
    def body(code, values, here, h, radius, r, counts, c):  # type: ignore[no-untyped-def]
        build, size = code.build, code.build.extract_value(values.shape, 0)
        point, reach = code.load(code.row(here, h)), code.load(code.row(radius, r))
        nothing = ir.Constant(_COUNTS, [0] * WIDTH)

        def halved(i: Any, below: Any, up_to: Any) -> list[Any]:
            step = code.spread(build.lshr(size, build.add(i, _ONE)), _COUNTS)
            last = build.sub(step, ir.Constant(_COUNTS, [1] * WIDTH))
            under = build.fsub(point, code.gather(values, build.add(below, last)))
            over = build.fsub(code.gather(values, build.add(up_to, last)), point)
            return [
                build.add(below, build.select(build.fcmp_ordered(">", under, reach), step, nothing)),
                build.add(up_to, build.select(build.fcmp_ordered("<=", over, reach), step, nothing)),
            ]

        halvings = build.cttz(size, ir.Constant(ir.IntType(1), 0))
        below, up_to = code.loop(_ZERO, halvings, [nothing, nothing], halved)
        code.store(build.sub(up_to, below), code.row(counts, c, _COUNTS))

    i = types.intp
    return _operation(types.void, [values, here, i, radius, i, counts, i], body)


def _lowest_bit(_context, _bits):  # type: ignore[no-untyped-def]
    return _operation(
        types.int64, [types.int64], lambda code, bits: code.build.cttz(bits, ir.Constant(ir.IntType(1), 0))
    )


def _count_bits(_context, _bits):  # type: ignore[no-untyped-def]
    return _operation(types.int64, [types.int64], lambda code, bits: code.build.ctpop(bits))


# Distances of a tile's points from a point, and from a box given as (high, -low); of a tile of boxes (low, -high)
# from such a box.
from_point, from_box, of_boxes = _farthest(_from_point), _farthest(_from_box), _farthest(_of_boxes)
# sink(smallest, one, r, other, q): max(one[r], other[q]) sinks into the rows of `smallest`, kept in order.
sink: Any = intrinsic(_sink)
# stretch(rows, r, factor, out, o): `out[o] = rows[r] * factor`, and the largest number in it.
stretch: Any = intrinsic(_stretch)
# count_rows(rows, count, bound, b, counts, c): how many of the first `count` rows are at most `bound[b]`.
count_rows: Any = intrinsic(_count_rows)
# fit(one, other, count, bound, b, counts, sides, others, o): how many of max(one[r], other[r]) are at most
# `bound[b]`, and the largest of one and of other among them.
fit: Any = intrinsic(_fit)
# count_sorted(values, here, h, radius, r, counts, c): how many of the ascending `values`, filled up with infinity to
# a power of two, are at most `radius[r]` from `here[h]`. Halving without a branch: which way it goes is not foreseen.
count_sorted: Any = intrinsic(_count_sorted)
lowest_bit: Any = intrinsic(_lowest_bit)
count_bits: Any = intrinsic(_count_bits)
